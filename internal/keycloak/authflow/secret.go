package authflow

import (
	"encoding/json"
	"maps"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// open are the settings that are shown: those that something in the catalogue has and that are no secret, and the ones
// that Keycloak's console offers for everything. What nothing is known of may be a secret.
var open = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{"default.reference.value": true, "default.reference.maxAge": true}
	secret := map[string]bool{}
	all := catalogue()
	for _, list := range [][]KnownExecution{all.Authenticators, all.Clients, all.Forms, all.FormActions} {
		for _, known := range list {
			for _, data := range known.Properties {
				var p struct {
					Name   string `json:"name"`
					Secret bool   `json:"secret"`
				}
				if err := json.Unmarshal(data, &p); err != nil {
					panic("authflow: catalogue.json: " + known.ID + ": " + err.Error())
				}
				out[p.Name], secret[p.Name] = true, secret[p.Name] || p.Secret
			}
		}
	}
	maps.DeleteFunc(out, func(name string, _ bool) bool { return secret[name] })
	return out
})

// Shown are settings with a mask for each that is a secret, or may be one.
func (c Config) Shown() Config {
	settings := map[string]string{}
	for name, value := range c.Settings {
		if settings[name] = value; !open()[name] && value != "" {
			settings[name] = keycloak.SecretMask
		}
	}
	c.Settings = settings
	return c
}

// unmasked are settings with what is stored in the place of masks. A mask of nothing goes, and so does a setting that is
// empty.
func unmasked(settings, stored map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range settings {
		if value == keycloak.SecretMask && !open()[name] {
			value = stored[name]
		}
		if value != "" {
			out[name] = value
		}
	}
	return out
}

// ShowConfigs masks the secrets of all settings that a realm's representation has.
func ShowConfigs(o keycloak.Object) {
	configs := keycloak.Value[[]Config](o, memberConfigs)
	for i, c := range configs {
		configs[i] = c.Shown()
	}
	if configs != nil {
		o.Put(memberConfigs, configs)
	}
}
