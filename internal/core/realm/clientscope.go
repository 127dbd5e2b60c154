package realm

import "slices"

// ClientScope is a named set of mappers and role mappings that clients share. The words of the
// parameter "scope" select optional ones.
type ClientScope struct {
	Key      string
	Name     string
	Protocol string

	InToken     bool // shown in a token's "scope"; Keycloak's include.in.token.scope
	Unlisted    bool `json:",omitempty"` // left out of the discovery document; Keycloak's include.in.openid.provider.metadata
	OnConsent   bool // shown on the consent page
	ConsentText string

	ScopeMappings []string // keys of roles; with any, the scope is for users who have one of them
	Mappers       []Mapper

	Extra Extra `json:"-"`
}

// organizationMapper is the kind of mapper that tells which organizations somebody belongs to.
const organizationMapper = "oidc-organization-membership-mapper"

// OfOrganizations tells whether the scope is the one by which clients ask for organizations, which also stands for
// `organization:<alias>` and `organization:*`. Without organizations it may be asked for and is never granted.
func (s *ClientScope) OfOrganizations() bool {
	return s.Name == "organization" && slices.ContainsFunc(s.Mappers, func(m Mapper) bool { return m.Kind == organizationMapper })
}

// OIDC tells whether the scope is for OpenID Connect clients.
func (s *ClientScope) OIDC() bool { return s.Protocol == "" || s.Protocol == "openid-connect" }

func (s *ClientScope) key() string  { return s.Key }
func (s *ClientScope) name() string { return s.Name }
