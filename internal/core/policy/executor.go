package policy

import (
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// executor makes a demand at some stages. It refuses, or says in the verdict what is to be otherwise.
type executor struct {
	at    stages
	ask   func(*state, *realm.PolicyPart) *oauth.Error
	unmet bool // it is known what it demands, and that nothing here can meet it
}

// KindClaims is the executor that looks at whatever claim its settings name.
const KindClaims = "jwt-claim-enforcer"

// executors make the demands, by Keycloak's names. Those without stages are about what this server does not have:
// SAML, CIBA, and clients that are described by a document.
var executors = map[string]executor{
	"confidential-client":                    {at: at(Authorization, Code, ClientCredentials), ask: confidential},
	"consent-required":                       {at: changes, ask: consentRequired},
	"full-scope-disabled":                    {at: changes, ask: fullScopeOff},
	"reject-implicit-grant":                  {at: changes | at(Pushed, Authorization), ask: noImplicit},
	"reject-ropc-grant":                      {at: changes | at(Password), ask: noPasswords},
	"reject-request":                         {at: always, ask: rejected},
	"secure-client-uris":                     {at: changes | at(Pushed, Authorization), ask: secureURIs},
	"secure-client-uris-pattern":             {at: changes, ask: uriPatterns},
	"secure-redirect-uris-enforcer":          {at: changes | at(Pushed, Authorization), ask: secureRedirects},
	"secure-logout":                          {at: changes | at(FrontChannel), ask: secureLogout},
	"secure-signature-algorithm":             {at: changes, ask: secureAlgorithms},
	"secure-client-authenticator":            {at: changes | at(Pushed, Code, ClientCredentials, Refresh, Introspection, Revocation, Logout), ask: secureAuthenticator},
	"secure-signature-algorithm-signed-jwt":  {at: at(Pushed, Code, Refresh, Introspection, Revocation, Logout), ask: secureAssertionAlgorithm},
	"secure-client-authentication-assertion": {at: at(Pushed, Code, Refresh, Introspection, Revocation), ask: assertionAudience},

	"pkce-enforcer":         {at: changes | at(Pushed, Authorization, Code), ask: pkce},
	"secure-par-content":    {at: at(Authorization), ask: pushedOnly},
	"secure-request-object": {at: at(Pushed, Authorization), ask: secureRequestObject},
	"secure-response-type":  {at: changes | at(Pushed, Authorization), ask: secureResponseType},
	"secure-session":        {at: at(Pushed, Authorization), ask: secureSession},

	"dpop-bind-enforcer":     {at: changes | at(Pushed, Authorization, Code, Refresh, UserInfo, Revocation), ask: boundByDPoP},
	"holder-of-key-enforcer": {at: changes | at(Code, ClientCredentials, Refresh, UserInfo, Revocation, Logout), ask: boundByTLS},

	"downscope-assertion-grant-enforcer":          {at: at(Exchange, Renewal, JWTGrant), ask: downscope},
	KindClaims:                                    {at: at(Exchange, JWTGrant), ask: claims},
	"jwt-authorization-grant-audience":            {at: at(JWTGrant), ask: allowedAudience},
	"use-lightweight-access-token":                {at: at(Code, Password, ClientCredentials, Refresh, Device), ask: lightweight},
	"suppress-refresh-token-rotation":             {at: at(Refresh), ask: keepRefresh},
	"registration-access-token-rotation-disabled": {at: at(Update), ask: keepRegistration},
	"secret-rotation":                             {at: changes | at(Secret), ask: rotate},

	"auth-flow-enforcer":         {at: at(Pushed, Authorization), ask: cannotMeet, unmet: true},
	"intent-client-bind-checker": {at: at(Pushed, Authorization), ask: cannotMeet, unmet: true},
	"secure-resource-indicator":  {at: tokens | at(Pushed, Authorization), ask: cannotMeet, unmet: true},

	"client-id-metadata-document": {}, "saml-avoid-redirect": {}, "saml-secure-client-uris": {},
	"saml-signature-enforcer": {}, "secure-ciba-req-sig-algorithm": {}, "secure-ciba-session": {}, "secure-ciba-signed-authn-req": {},
}

// The codes that refuse a client that is registered or changed (RFC 7591 §3.2.2, and Keycloak's).
const (
	invalidMetadata     oauth.Code = "invalid_client_metadata"
	invalidRegistration oauth.Code = "invalid_registration"
)

func changed(s *state) bool { return changes.has(s.Stage) }

func rejected(*state, *realm.PolicyPart) *oauth.Error {
	return refuse(oauth.InvalidRequest, "Request not allowed")
}

// cannotMeet refuses what a policy demands to be looked at and nothing here can.
func cannotMeet(_ *state, p *realm.PolicyPart) *oauth.Error {
	return refuse(oauth.InvalidRequest, "This server cannot do what client policies demand by "+p.Kind)
}

func confidential(s *state, _ *realm.PolicyPart) *oauth.Error {
	if s.client().Public || s.client().BearerOnly {
		return refuse(oauth.InvalidClient, "invalid client access type")
	}
	return nil
}

func noPasswords(s *state, p *realm.PolicyPart) *oauth.Error {
	if !changed(s) {
		return refuse(oauth.InvalidGrant, "resource owner password credentials grant is prohibited.")
	}
	if s.client().DirectAccess && p.On(autoConfigure) {
		s.edit().DirectAccess = false
	}
	if s.client().DirectAccess {
		return refuse(invalidMetadata, "Invalid client metadata: resource owner password credentials grant enabled")
	}
	return nil
}

func noImplicit(s *state, p *realm.PolicyPart) *oauth.Error {
	if !changed(s) {
		if s.Authorize.Token || s.Authorize.IDToken {
			return refuse(oauth.InvalidRequest, "Implicit/Hybrid flow is prohibited.")
		}
		return nil
	}
	if s.client().ImplicitFlow && p.On(autoConfigure) {
		s.edit().ImplicitFlow = false
	}
	if s.client().ImplicitFlow {
		return refuse(invalidMetadata, "Invalid client metadata: implicit flow enabled")
	}
	return nil
}
