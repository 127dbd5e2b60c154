package federation

// Authorization is what an authorization request to a provider carries beyond its settings.
type Authorization struct {
	RedirectURI string
	State       string
	Nonce       string            // empty where the provider uses none
	Challenge   string            // of PKCE, by the method of UsesPKCE
	LoginHint   string            // of the request that the client made
	UILocale    string            // of the page the person looks at, as "de"
	Prompt      string            // of the client's request; "login", "none"… and "login" for who must prove themselves again
	ACRValues   string            // of the client's request, space-separated
	MaxAge      string            // seconds since the last sign-in at the provider, of the client's request
	Forwarded   map[string]string // the client's request, of which forwardParameters are passed on
}

// AuthorizationURL is where a browser is sent to sign in at the provider. The parameters are in Keycloak's
// order. An error says which setting is in the way.
func (s *Settings) AuthorizationURL(q Authorization) (string, error) { return "", nil }
