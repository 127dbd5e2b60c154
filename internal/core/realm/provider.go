package realm

// Provider is the configuration of an upstream issuer. Keycloak: identity provider.
type Provider struct {
	Key     string
	Alias   string
	Kind    string // Keycloak's "providerId", as "oidc"
	Enabled bool
	Config  map[string]string // without the client secret

	ClientSecret string `json:"-"` // sealed in the store
	Extra        Extra  `json:"-"`
}

func (p *Provider) key() string  { return p.Key }
func (p *Provider) name() string { return p.Alias }
