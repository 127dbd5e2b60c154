package idp

import (
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// addresses are the settings that say where a provider's secret is sent, or who may say so.
var addresses = []string{"tokenUrl", "authorizationUrl", "issuer", "jwksUrl", "userInfoUrl", "tokenIntrospectionUrl", "logoutUrl",
	"discoveryEndpoint", "baseUrl", "apiUrl"}

// KeepSecret gives a provider the secret of the one that it replaces, where its own is a mask. Where the secret would
// be sent elsewhere it refuses: any other server could be had to receive it.
func KeepSecret(p, old *realm.Provider) error {
	if p.ClientSecret != keycloak.SecretMask {
		return nil
	}
	if old.ClientSecret != "" && p.Kind != old.Kind {
		return &fault.Invalid{Field: "config.clientSecret", Message: "The clientSecret has to be given again with another providerId"}
	}
	stored := maps.Clone(old.Config)
	if stored == nil {
		stored = map[string]string{}
	}
	stored["clientSecret"] = old.ClientSecret
	if err := keycloak.SameAddress("config", "clientSecret", addresses, p.Config, stored); err != nil {
		return err
	}
	p.ClientSecret = old.ClientSecret
	return nil
}
