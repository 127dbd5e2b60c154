package keycloak

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrMetadata is metadata of a client that Keycloak cannot take.
var ErrMetadata = errors.New("client metadata invalid")

// The grants of RFC 7591 §2 and those that came later, as far as a client says by its metadata that it uses
// them.
const (
	grantCode        = "authorization_code"
	grantImplicit    = "implicit"
	grantPassword    = "password"
	grantCredentials = "client_credentials"
	grantRefresh     = "refresh_token"
	grantDevice      = "urn:ietf:params:oauth:grant-type:device_code"
	grantCIBA        = "urn:openid:params:grant-type:ciba"
	grantUMA         = "urn:ietf:params:oauth:grant-type:uma-ticket"
	grantExchange    = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantAssertion   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// switchedGrants are the grants that an attribute switches on.
var switchedGrants = map[string]string{
	grantDevice: "oauth2.device.authorization.grant.enabled", grantCIBA: "oidc.ciba.grant.enabled", grantRefresh: "use.refresh.tokens",
	grantExchange: "standard.token.exchange.enabled", grantAssertion: "oauth2.jwt.authorization.grant.enabled",
}

// authenticators are Keycloak's names of the ways in which a client proves itself (RFC 7591 §2).
var authenticators = map[string]string{
	"client_secret_basic": "client-secret", "client_secret_post": "client-secret", "client_secret_jwt": "client-secret-jwt",
	"private_key_jwt": "client-jwt", "tls_client_auth": "client-x509", "none": "none",
}

// ScopeBasic is the client scope by which tokens name their subject. Who registers by metadata has it, whatever else
// they ask for.
const ScopeBasic = "basic"

// secretMethod is the attribute that says how the client sends its secret: one of the ways above.
const secretMethod = "client.secret.authentication.allowed.method"

// textMetadata are members that are attributes under another name.
var textMetadata = map[string]string{
	"logo_uri": "logoUri", "policy_uri": "policyUri", "tos_uri": "tosUri",
	"userinfo_signed_response_alg": "user.info.response.signature.alg", "request_object_signing_alg": "request.object.signature.alg",
	"id_token_signed_response_alg": "id.token.signed.response.alg", "id_token_encrypted_response_alg": "id.token.encrypted.response.alg",
	"id_token_encrypted_response_enc": "id.token.encrypted.response.enc", "authorization_signed_response_alg": "authorization.signed.response.alg",
	"authorization_encrypted_response_alg": "authorization.encrypted.response.alg", "authorization_encrypted_response_enc": "authorization.encrypted.response.enc",
	"token_endpoint_auth_signing_alg": "token.endpoint.auth.signing.alg", "tls_client_auth_subject_dn": "x509.subjectdn",
	"userinfo_encrypted_response_alg": "user.info.encrypted.response.alg", "userinfo_encrypted_response_enc": "user.info.encrypted.response.enc",
	"backchannel_logout_uri": "backchannel.logout.url", "frontchannel_logout_uri": "frontchannel.logout.url",
	"backchannel_token_delivery_mode":                "ciba.backchannel.token.delivery.mode",
	"backchannel_client_notification_endpoint":       "ciba.backchannel.client.notification.endpoint",
	"backchannel_authentication_request_signing_alg": "ciba.backchannel.auth.request.signing.alg",
}

// logoutMetadata are members that a client gives up by leaving them out of an update.
var logoutMetadata = map[string]bool{"backchannel_logout_uri": true, "frontchannel_logout_uri": true}

// flagMetadata are members that are true or false, and attributes under another name.
var flagMetadata = map[string]string{
	"tls_client_certificate_bound_access_tokens": "tls.client.certificate.bound.access.tokens",
	"dpop_bound_access_tokens":                   "dpop.bound.access.tokens",
	"require_pushed_authorization_requests":      "require.pushed.authorization.requests",
	"backchannel_logout_session_required":        "backchannel.logout.session.required",
	"backchannel_logout_revoke_offline_tokens":   "backchannel.logout.revoke.offline.tokens",
	"frontchannel_logout_session_required":       "frontchannel.logout.session.required",
}

// listMetadata are members that are lists, and attributes joined by ## under another name.
var listMetadata = map[string]string{
	"request_uris": "request.uris", "post_logout_redirect_uris": "post.logout.redirect.uris", "default_acr_values": "default.acr.values",
}

// FromMetadata is the representation of a client that registers with this metadata (RFC 7591 §2, OpenID
// Connect Dynamic Client Registration §2), of type "OIDCClient". ErrMetadata where it asks for what there
// is not.
func FromMetadata(m Object) (Object, error) {
	o := Object{}
	o.Put("protocol", protocolOIDC)
	for member, name := range map[string]string{"client_id": "clientId", "client_name": "name", "client_uri": "baseUrl", "redirect_uris": "redirectUris"} {
		if value, ok := m[member]; ok {
			o[name] = value
		}
	}
	if m.Has("scope") {
		o.Put("optionalClientScopes", strings.Fields(m.Text("scope")))
	}
	o.Put("frontchannelLogout", m.Text("frontchannel_logout_uri") != "")
	attributes := metadataAttributes(m)
	if err := putFlows(o, m); err != nil {
		return nil, err
	}
	putGrants(o, m, attributes)
	if err := putAuthentication(o, m, attributes); err != nil {
		return nil, err
	}
	o.Put("attributes", attributes)
	return o, nil
}

func metadataAttributes(m Object) map[string]string {
	out := map[string]string{
		"backchannel.logout.session.required": "true", "backchannel.logout.revoke.offline.tokens": "false",
		"frontchannel.logout.session.required": "false",
	}
	for member, name := range textMetadata {
		if m.Has(member) || logoutMetadata[member] {
			out[name] = m.Text(member)
		}
	}
	for member, name := range flagMetadata {
		if m.Has(member) {
			out[name] = strconv.FormatBool(Value[bool](m, member))
		}
	}
	for member, name := range listMetadata {
		if m.Has(member) {
			out[name] = strings.Join(Value[[]string](m, member), separator)
		}
	}
	return out
}

// putFlows switches on the flows of the response types that the client asks for; where it names none, those of
// its grants; where it names none either, codes (RFC 7591 §2).
func putFlows(o, m Object) error {
	types, grants := Value[[]string](m, "response_types"), Value[[]string](m, "grant_types")
	code, implicit := len(grants) == 0 || slices.Contains(grants, grantCode), slices.Contains(grants, grantImplicit)
	if len(types) > 0 {
		code, implicit = false, false
	}
	for _, t := range types {
		for word := range strings.FieldsSeq(t) {
			switch word {
			case "code", "none":
				code = true
			case "token", "id_token":
				implicit = true
			default:
				return ErrMetadata
			}
		}
	}
	o.Put("standardFlowEnabled", code)
	o.Put("implicitFlowEnabled", implicit)
	return nil
}

// putGrants switches on the other grants that the client asks for, and off those that it does not. Where it says
// nothing about grants they are as for any client.
func putGrants(o, m Object, attributes map[string]string) {
	grants := Value[[]string](m, "grant_types")
	authorization := slices.Contains(grants, grantUMA)
	o.Put("directAccessGrantsEnabled", slices.Contains(grants, grantPassword))
	if grants == nil {
		return
	}
	o.Put("serviceAccountsEnabled", authorization || slices.Contains(grants, grantCredentials))
	if authorization {
		o.Put("authorizationServicesEnabled", true)
	}
	for grant, name := range switchedGrants {
		attributes[name] = strconv.FormatBool(slices.Contains(grants, grant))
	}
}

// putAuthentication says how the client proves itself, and by which keys.
func putAuthentication(o, m Object, attributes map[string]string) error {
	method, authenticator := m.Text("token_endpoint_auth_method"), "client-secret"
	if m.Has("token_endpoint_auth_method") {
		authenticator = authenticators[method]
	}
	if authenticator == "" || m.Has("jwks") && m.Has("jwks_uri") {
		return ErrMetadata
	}
	o.Put("clientAuthenticatorType", authenticator)
	o.Put("publicClient", method == "none")
	if method != "" && authenticator == "client-secret" {
		attributes[secretMethod] = method
	}
	if m.Has("tls_client_auth_subject_dn") {
		attributes["x509.allow.regex.pattern.comparison"] = "false" // RFC 8705 §2.1.2: the very subject
	}
	switch {
	case m.Has("jwks_uri"):
		attributes["use.jwks.url"], attributes["use.jwks.string"], attributes["jwks.url"] = "true", "false", m.Text("jwks_uri")
	case m.Has("jwks"):
		attributes["use.jwks.url"], attributes["use.jwks.string"], attributes[jwksAttribute] = "false", "true", string(m["jwks"])
	case method == "private_key_jwt":
		return ErrMetadata
	}
	return nil
}
