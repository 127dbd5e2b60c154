package realm

// Mapper is the configuration of a protocol mapper: it writes claims. What a kind does is in
// package mapper.
type Mapper struct {
	Key      string
	Name     string
	Kind     string // Keycloak's "protocolMapper", as "oidc-audience-mapper"
	Protocol string
	Config   map[string]string
	Extra    Extra `json:",omitempty"`
}

// On tells whether a setting is the text "true".
func (m *Mapper) On(setting string) bool { return m.Config[setting] == "true" }
