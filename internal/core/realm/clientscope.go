package realm

// ClientScope is a named set of mappers and role mappings that clients share. The words of the
// parameter "scope" select optional ones.
type ClientScope struct {
	Key      string
	Name     string
	Protocol string

	InToken     bool // shown in a token's "scope"; Keycloak's include.in.token.scope
	OnConsent   bool // shown on the consent page
	ConsentText string

	ScopeMappings []string // keys of roles; with any, the scope is for users who have one of them
	Mappers       []Mapper

	Extra Extra `json:"-"`
}

// OIDC tells whether the scope is for OpenID Connect clients.
func (s *ClientScope) OIDC() bool { return s.Protocol == "" || s.Protocol == "openid-connect" }

func (s *ClientScope) key() string  { return s.Key }
func (s *ClientScope) name() string { return s.Name }
