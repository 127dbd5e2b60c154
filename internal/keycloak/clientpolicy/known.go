package clientpolicy

// executors are the demands that Keycloak 26.7 knows.
var executors = []string{
	"auth-flow-enforcer", "client-id-metadata-document", "confidential-client", "consent-required",
	"downscope-assertion-grant-enforcer", "dpop-bind-enforcer", "full-scope-disabled", "holder-of-key-enforcer",
	"intent-client-bind-checker", "jwt-authorization-grant-audience", "jwt-claim-enforcer", "pkce-enforcer",
	"registration-access-token-rotation-disabled", "reject-implicit-grant", "reject-request", "reject-ropc-grant",
	"saml-avoid-redirect", "saml-secure-client-uris", "saml-signature-enforcer", "secret-rotation", "secure-ciba-req-sig-algorithm",
	"secure-ciba-session", "secure-ciba-signed-authn-req", "secure-client-authentication-assertion", "secure-client-authenticator",
	"secure-client-uris", "secure-client-uris-pattern", "secure-logout", "secure-par-content", "secure-redirect-uris-enforcer",
	"secure-request-object", "secure-resource-indicator", "secure-response-type", "secure-session", "secure-signature-algorithm",
	"secure-signature-algorithm-signed-jwt", "suppress-refresh-token-rotation", "use-lightweight-access-token",
}

// conditions are what Keycloak 26.7 can tell clients and requests by.
var conditions = []string{
	"acr-condition", "any-client", "client-access-type", "client-attributes", "client-id-uri", "client-ids", "client-protocol",
	"client-roles", "client-scopes", "client-type", "client-updater-context", "client-updater-source-groups",
	"client-updater-source-host", "client-updater-source-roles", "grant-type", "identity-provider-alias",
}
