package realm

// Provider is the configuration of an upstream issuer. Keycloak: identity provider.
type Provider struct {
	Key     string
	Alias   string
	Kind    string // Keycloak's "providerId", as "oidc"
	Enabled bool
	Config  map[string]string // without the client secret

	TrustEmail       bool   `json:",omitempty"` // e-mail addresses that it tells count as verified
	StoreToken       bool   `json:",omitempty"` // the tokens of those who sign in are kept
	AddReadTokenRole bool   `json:",omitempty"` // new users may read theirs
	LinkOnly         bool   `json:",omitempty"` // nobody signs in by it who has not linked it before
	HideOnLogin      bool   `json:",omitempty"`
	FirstLoginFlow   string `json:",omitempty"` // alias of an authentication flow; empty: the realm's
	PostLoginFlow    string `json:",omitempty"` // alias; empty: none

	ClientSecret string `json:"-"` // sealed in the store
	Extra        Extra  `json:"-"`
}

func (p *Provider) key() string  { return p.Key }
func (p *Provider) name() string { return p.Alias }
