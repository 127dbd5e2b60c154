package component

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// addresses are the settings that say where the secrets of components are sent. Of providers that are not known it is not
// known which of theirs do, and these are looked at all the same.
var addresses = []string{"connectionUrl"}

// CheckSecrets refuses an update that sends a secret elsewhere without giving it again: any other server could be had to
// receive it. The config is what the update brought, in which a secret that is masked or missing means the stored one.
func (c Component) CheckSecrets(before Component, config map[string][]string) error {
	settings, stored := texts(c.Config), texts(before.Config)
	for _, name := range slices.Sorted(maps.Keys(before.Config)) {
		secret, _ := Provider(before.Type, before.Provider).property(name)
		if !secret || isGiven(config[name]) || len(c.Config[name]) == 0 {
			continue
		}
		if c.Provider != before.Provider {
			return &fault.Invalid{Field: "config." + name, Message: "The " + name + " has to be given again with another providerId"}
		}
		if err := keycloak.SameAddress("config", name, addresses, settings, stored); err != nil {
			return err
		}
	}
	return nil
}

// isGiven tells whether an update brings the values of a setting, not only masks of them.
func isGiven(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return v != "" && v != keycloak.SecretMask })
}

// texts are settings of which each is one text.
func texts(config map[string][]string) map[string]string {
	out := map[string]string{}
	for name, values := range config {
		out[name] = strings.Join(values, "\n")
	}
	return out
}
