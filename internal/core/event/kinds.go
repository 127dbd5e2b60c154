package event

import (
	"slices"
	"strings"
)

// savedKinds are the kinds that a realm keeps which keeps events and names no kinds: Keycloak's list, in its
// order, without the failures, which have the suffix _ERROR.
var savedKinds = []Kind{
	Login, Register, Logout, CodeToToken, ClientLogin, "FEDERATED_IDENTITY_LINK", "REMOVE_FEDERATED_IDENTITY", "UPDATE_EMAIL",
	"UPDATE_PROFILE", "UPDATE_PASSWORD", "UPDATE_TOTP", "VERIFY_EMAIL", "VERIFY_PROFILE", "REMOVE_TOTP", "GRANT_CONSENT", "UPDATE_CONSENT",
	RevokeGrant, "SEND_VERIFY_EMAIL", "SEND_RESET_PASSWORD", "SEND_IDENTITY_PROVIDER_LINK", "RESET_PASSWORD", "RESTART_AUTHENTICATION",
	"IDENTITY_PROVIDER_LINK_ACCOUNT", "IDENTITY_PROVIDER_LOGIN", "IDENTITY_PROVIDER_FIRST_LOGIN", "IDENTITY_PROVIDER_POST_LOGIN",
	"IMPERSONATE", "CUSTOM_REQUIRED_ACTION", "EXECUTE_ACTIONS", "EXECUTE_ACTION_TOKEN", "CLIENT_REGISTER", "CLIENT_UPDATE", "CLIENT_DELETE",
	"CLIENT_INITIATED_ACCOUNT_LINKING", TokenExchange, DeviceAuth, DeviceVerify, DeviceCodeToToken,
	"AUTHREQID_TO_TOKEN", PermissionToken, "DELETE_ACCOUNT", "USER_DISABLED_BY_PERMANENT_LOCKOUT", "USER_DISABLED_BY_TEMPORARY_LOCKOUT",
	"OAUTH2_EXTENSION_GRANT", "FEDERATED_IDENTITY_OVERRIDE_LINK", "UPDATE_CREDENTIAL", "REMOVE_CREDENTIAL", "INVITE_ORG",
	"VERIFIABLE_CREDENTIAL_REQUEST", "VERIFIABLE_CREDENTIAL_OFFER_REQUEST", "VERIFIABLE_CREDENTIAL_CREATE_OFFER",
	"VERIFIABLE_CREDENTIAL_PRE_AUTHORIZED_GRANT", JWTGrant,
}

// unsavedKinds are frequent and change nothing, or are part of others.
var unsavedKinds = []Kind{
	RefreshToken, IntrospectToken, UserInfoRequest, "VALIDATE_ACCESS_TOKEN", "REGISTER_NODE", "UNREGISTER_NODE", "INVALID_SIGNATURE",
	"IDENTITY_PROVIDER_RESPONSE", "IDENTITY_PROVIDER_RETRIEVE_TOKEN", "CLIENT_INFO", "PUSHED_AUTHORIZATION_REQUEST",
}

// neverFailed are kinds without a kind of failure among those that are saved.
var neverFailed = []Kind{PermissionToken, "USER_DISABLED_BY_PERMANENT_LOCKOUT", "USER_DISABLED_BY_TEMPORARY_LOCKOUT"}

// SavedByDefault tells whether a realm that keeps events, and names no kinds, keeps this one: all but
// the frequent ones that change nothing. As in Keycloak.
func (k Kind) SavedByDefault() bool { return saved[k] }

var saved = func() map[Kind]bool {
	set := map[Kind]bool{}
	for _, k := range Saved() {
		set[k] = true
	}
	return set
}()

// Saved are the kinds that are saved by default, in Keycloak's order.
func Saved() []Kind {
	var out []Kind
	for _, k := range savedKinds {
		out = append(out, k)
		if !slices.Contains(neverFailed, k) {
			out = append(out, k.Failed())
		}
	}
	return out
}

// Known tells whether Keycloak has events of the kind.
func (k Kind) Known() bool {
	plain := Kind(strings.TrimSuffix(string(k), "_ERROR"))
	return slices.Contains(savedKinds, plain) || slices.Contains(unsavedKinds, plain)
}
