package component

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// demand is what a setting has to be.
type demand struct {
	name, label string
	form        form
	required    bool
}

// form is how the one value of a setting is written.
type form int

const (
	isText form = iota
	isNumber
	isTruth
)

// demands are what the settings of providers have to be, of those that are looked at, by type and provider; those of "" are
// of every provider of the type.
var demands = map[string]map[string][]demand{
	keycloak.KeyProviderType: {
		"": {{"priority", "Priority", isNumber, false}, {"enabled", "Enabled", isTruth, false}, {"active", "Active", isTruth, false}},
		"java-keystore": {{"keystore", "Keystore", isText, true}, {"keystorePassword", "Keystore Password", isText, true},
			{"keyAlias", "Key Alias", isText, true}, {"keyPassword", "Key Password", isText, true}},
	},
	keycloak.RegistrationPolicyType: {
		"max-clients":          {{"max-clients", "Max Clients Per Realm", isNumber, true}},
		registration.KindHosts: {{registration.ConfigSendingHost, "Host Sending Client Registration Request Must Match", isTruth, true}, {registration.ConfigURIs, "Client URIs Must Match", isTruth, true}},
	},
}

// Check refuses settings that the component's provider cannot have: a *fault.Invalid in Keycloak's words. Not everything is
// looked at: what nothing acts on may be as it is.
func (c Component) Check() error {
	for _, d := range slices.Concat(demands[c.Type][""], demands[c.Type][c.Provider]) {
		if problem := d.problem(c.Config[d.name]); problem != "" {
			return &fault.Invalid{Field: "config." + d.name, Message: "'" + d.label + "' " + problem}
		}
	}
	if c.Type == keycloak.RegistrationPolicyType && c.Provider == registration.KindHosts && !c.isOn(registration.ConfigSendingHost) && !c.isOn(registration.ConfigURIs) {
		return &fault.Invalid{Field: "config." + registration.ConfigSendingHost, Message: "At least one of hosts verification or client URIs validation must be enabled"}
	}
	return nil
}

func (c Component) isOn(name string) bool { return strings.EqualFold(c.setting(name), "true") }

// problem says what is wrong with the values of a setting; empty where nothing is.
func (d demand) problem(values []string) string {
	if len(values) > 1 {
		return "should be a single entry"
	}
	text := strings.Join(values, "")
	if text == "" {
		if d.required {
			return "is required"
		}
		return ""
	}
	switch d.form {
	case isNumber:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return "should be a number"
		}
	case isTruth:
		if !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
			return "should be 'true' or 'false'"
		}
	}
	return ""
}
