package realm

// ClientPolicy is a client policy that is on: what it demands of the clients and requests that it is for.
// Keycloak: client policy, with its client profiles.
type ClientPolicy struct {
	Name       string
	Conditions []PolicyPart // of those that it is for; without any it is for nobody
	Executors  []PolicyPart // of its profiles, one profile after the other
}

// PolicyPart is a condition or an executor of a client policy.
type PolicyPart struct {
	Kind    string              // Keycloak's provider, as "grant-type"
	Profile string              `json:",omitempty"` // that an executor is of
	Config  map[string][]string `json:",omitempty"` // a setting with one value is a list of one
}

// Has tells whether a setting is there.
func (p *PolicyPart) Has(setting string) bool { return p.Config[setting] != nil }

// Text is a setting with one value, or "".
func (p *PolicyPart) Text(setting string) string {
	if values := p.Config[setting]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// On is a setting that is on or off. It is off where it is not there.
func (p *PolicyPart) On(setting string) bool { return p.Text(setting) == "true" }
