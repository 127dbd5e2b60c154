package oidc

import (
	"maps"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// metadata is the discovery document (OpenID Connect Discovery §3, RFC 8414 §2). It names what works
// and nothing else, so that a client finds out here and not by failing.
type metadata struct {
	Issuer        string `json:"issuer"`
	Token         string `json:"token_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	JWKS          string `json:"jwks_uri"`
	Registration  string `json:"registration_endpoint"`

	GrantTypes    []oauth.GrantType `json:"grant_types_supported"`
	ResponseTypes []string          `json:"response_types_supported"` // required, so it is there though empty
	SubjectTypes  []string          `json:"subject_types_supported"`
	Scopes        []string          `json:"scopes_supported"`
	Claims        []string          `json:"claims_supported"`
	ClaimTypes    []string          `json:"claim_types_supported"`
	ACRs          []string          `json:"acr_values_supported"`

	IDTokenAlgs  []string `json:"id_token_signing_alg_values_supported"`
	UserInfoAlgs []string `json:"userinfo_signing_alg_values_supported"`

	TokenAuth             []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuth     []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgs []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationAuth        []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`

	// Clients are told that sessions ended, and which: by Front-Channel and Back-Channel Logout 1.0 §3.
	FrontChannel        bool `json:"frontchannel_logout_supported"`
	FrontChannelSession bool `json:"frontchannel_logout_session_supported"`
	BackChannel         bool `json:"backchannel_logout_supported"`
	BackChannelSession  bool `json:"backchannel_logout_session_supported"`

	RequestURI bool `json:"request_uri_parameter_supported"` // stated, since leaving it out means true
}

var (
	signingAlgs = []string{"PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"}
	clientAuth  = []string{"private_key_jwt", "client_secret_basic", "client_secret_post", "client_secret_jwt"}
	claims      = []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name", "family_name", "preferred_username", "email", "acr", "azp", "nonce"}
)

// discovery describes a realm to clients.
func (s *site) discovery(w http.ResponseWriter, r *http.Request, c call) error {
	sharePublic(w, r)
	w.Header().Set("Cache-Control", "no-cache, must-revalidate, no-transform, no-store")
	return render.JSON(w, http.StatusOK, describe(c.realm, c.caller.Base))
}

// describe is the discovery document of a realm, for a server that callers reach at base.
func describe(r *realm.Realm, base string) metadata {
	issuer := r.Issuer(base)
	protocol := issuer + "/protocol/openid-connect"
	return metadata{
		Issuer:        issuer,
		Token:         protocol + "/token",
		Introspection: protocol + "/token/introspect",
		UserInfo:      protocol + "/userinfo",
		Revocation:    protocol + "/revoke",
		Device:        protocol + "/auth/device",
		EndSession:    protocol + "/logout",
		JWKS:          protocol + "/certs",
		Registration:  issuer + "/clients-registrations/openid-connect",

		GrantTypes:    slices.Sorted(maps.Keys(redeem)),
		ResponseTypes: []string{},
		SubjectTypes:  []string{"public", "pairwise"},
		Scopes:        scopes(r),
		Claims:        claims,
		ClaimTypes:    []string{"normal"},
		ACRs:          acrs(r),

		IDTokenAlgs:  signingAlgs,
		UserInfoAlgs: append(slices.Clone(signingAlgs), "none"),

		TokenAuth:             clientAuth,
		TokenAuthAlgs:         signingAlgs,
		IntrospectionAuth:     clientAuth,
		IntrospectionAuthAlgs: signingAlgs,
		RevocationAuth:        clientAuth,
		RevocationAuthAlgs:    signingAlgs,

		FrontChannel: true, FrontChannelSession: true, BackChannel: true, BackChannelSession: true,
	}
}

func scopes(r *realm.Realm) []string {
	out := []string{oauth.ScopeOpenID}
	for _, s := range r.Scopes() {
		if s.OIDC() {
			out = append(out, s.Name)
		}
	}
	return out
}

// acrs are the authentication context classes that a client may ask for: the realm's own names, or
// the two levels that every realm has.
func acrs(r *realm.Realm) []string {
	if len(r.ACR) == 0 {
		return []string{"0", "1"}
	}
	return slices.Sorted(maps.Keys(r.ACR))
}
