package oidc

import (
	"maps"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// metadata is the discovery document (OpenID Connect Discovery §3, RFC 8414 §2). It names what works
// and nothing else, so that a client finds out here and not by failing.
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Pushed        string `json:"pushed_authorization_request_endpoint"` // RFC 9126 §5
	Token         string `json:"token_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	CheckSession  string `json:"check_session_iframe"` // OpenID Connect Session Management §3.3
	JWKS          string `json:"jwks_uri"`
	Registration  string `json:"registration_endpoint"`

	GrantTypes    []oauth.GrantType `json:"grant_types_supported"`
	ResponseTypes []string          `json:"response_types_supported"`
	ResponseModes []string          `json:"response_modes_supported"`
	Prompts       []string          `json:"prompt_values_supported"`
	Challenges    []string          `json:"code_challenge_methods_supported"` // PKCE, RFC 8414 §2
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

	// Certificates of callers (RFC 8705 §3.3, §5). They are asked for at the same addresses.
	CertificateBound bool    `json:"tls_client_certificate_bound_access_tokens"`
	Aliases          aliases `json:"mtls_endpoint_aliases"`

	Claimed        bool     `json:"claims_parameter_supported"`
	Issued         bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 §3
	ProofAlgs      []string `json:"dpop_signing_alg_values_supported"`              // RFC 9449 §5.1
	ResponseAlgs   []string `json:"authorization_signing_alg_values_supported"`     // of signed answers, JARM §4
	RequestObject  bool     `json:"request_parameter_supported"`
	RequestAlgs    []string `json:"request_object_signing_alg_values_supported"`
	RequestURI     bool     `json:"request_uri_parameter_supported"` // stated, since leaving it out means true
	PushedRequired bool     `json:"require_pushed_authorization_requests"`
}

var (
	signingAlgs = []string{"PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"}
	clientAuth  = []string{"private_key_jwt", "client_secret_basic", "client_secret_post", "client_secret_jwt", "tls_client_auth"}

	// The response types and modes of every realm; which of them a client may use is the client's.
	responseTypes = []string{"code", "none", "id_token", "token", "id_token token", "code id_token", "code token", "code id_token token"}
	responseModes = []string{"query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"}

	claims = []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name", "family_name", "preferred_username", "email", "acr", "azp", "nonce"}
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
		Authorization: protocol + "/auth",
		Pushed:        protocol + "/ext/par/request",
		Token:         protocol + "/token",
		Introspection: protocol + "/token/introspect",
		UserInfo:      protocol + "/userinfo",
		Revocation:    protocol + "/revoke",
		Device:        protocol + "/auth/device",
		EndSession:    protocol + "/logout",
		CheckSession:  protocol + "/login-status-iframe.html",
		JWKS:          protocol + "/certs",
		Registration:  issuer + "/clients-registrations/openid-connect",

		GrantTypes:    grantTypes(),
		ResponseTypes: responseTypes,
		ResponseModes: responseModes,
		Prompts:       prompts(r),
		Challenges:    []string{oauth.ChallengePlain, oauth.ChallengeS256},
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

		CertificateBound: true,
		Aliases: aliases{
			Token: protocol + "/token", Revocation: protocol + "/revoke", Introspection: protocol + "/token/introspect",
			Device: protocol + "/auth/device", Registration: issuer + "/clients-registrations/openid-connect",
			UserInfo: protocol + "/userinfo", Pushed: protocol + "/ext/par/request",
		},

		Claimed:       true,
		Issued:        true,
		ProofAlgs:     proof.Algs,
		ResponseAlgs:  signingAlgs,
		RequestObject: true,
		RequestAlgs:   append(slices.Clone(signingAlgs), "none"),
	}
}

// aliases are the addresses for callers who show a certificate.
type aliases struct {
	Token         string `json:"token_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	Registration  string `json:"registration_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	Pushed        string `json:"pushed_authorization_request_endpoint"`
}

// grantTypes are those of the token endpoint, and the one that needs none (OpenID Connect Discovery §3).
func grantTypes() []oauth.GrantType {
	return slices.Sorted(func(yield func(oauth.GrantType) bool) {
		for name := range redeem {
			if !yield(name) {
				return
			}
		}
		yield("implicit")
	})
}

func scopes(r *realm.Realm) []string {
	out := []string{oauth.ScopeOpenID}
	for _, s := range r.Scopes() {
		if s.OIDC() && !s.Unlisted {
			out = append(out, s.Name)
		}
	}
	return out
}

// prompts are the values of the parameter that change something in a realm.
func prompts(r *realm.Realm) []string {
	out := []string{login.PromptNone, login.PromptLogin, login.PromptConsent}
	if r.SignIn.Registration {
		out = append(out, login.PromptCreate)
	}
	return out
}

// acrs are the authentication context classes that a client may ask for: the realm's own names, and
// the two levels that every realm has.
func acrs(r *realm.Realm) []string {
	names := append(slices.Collect(maps.Keys(r.ACR)), "0", "1")
	slices.Sort(names)
	return slices.Compact(names)
}
