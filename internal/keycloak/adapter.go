package keycloak

import (
	"slices"
	"strings"

	coremapper "github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Adapter is the configuration of an adapter, in the order in which Keycloak writes it.
type Adapter struct {
	Realm           string         `json:"realm"`
	BearerOnly      bool           `json:"bearer-only,omitempty"`
	Server          string         `json:"auth-server-url"`
	SSLRequired     string         `json:"ssl-required"`
	Resource        string         `json:"resource"`
	Public          bool           `json:"public-client,omitempty"`
	VerifyAudience  bool           `json:"verify-token-audience,omitempty"`
	Credentials     map[string]any `json:"credentials,omitempty"`
	UseClientRoles  bool           `json:"use-resource-role-mappings,omitempty"`
	ConfidentialTLS int            `json:"confidential-port"`
}

// AdapterOf is the configuration with which an adapter runs as a client; base is the server's URL as the
// caller reaches it. Extra has to be loaded.
func AdapterOf(r *realm.Realm, c *realm.Client, base string) Adapter {
	a := Adapter{
		Realm: r.Name, Server: base + "/", SSLRequired: strings.ToLower(r.SSLRequired), Resource: c.ID,
		BearerOnly: c.BearerOnly, Public: c.Public && !c.BearerOnly, UseClientRoles: len(r.RolesOf(c.Key)) > 0,
	}
	a.VerifyAudience = a.UseClientRoles || hasAudienceScope(r, c)
	clusters := Value[int](Object(c.Extra), "nodeReRegistrationTimeout") > 0
	if !c.Public && (!c.BearerOnly || clusters) {
		a.Credentials = credentialsOf(c)
	}
	return a
}

// hasAudienceScope tells whether there is a client scope by the client's name that puts it into tokens.
func hasAudienceScope(r *realm.Realm, c *realm.Client) bool {
	s := r.Scope(c.ID)
	return s != nil && slices.ContainsFunc(s.Mappers, func(m realm.Mapper) bool {
		return m.Kind == coremapper.KindAudience && coremapper.Includes(&m, c.ID)
	})
}

// credentialsOf is how the adapter is to authenticate.
func credentialsOf(c *realm.Client) map[string]any {
	switch c.Authenticator {
	case "client-jwt":
		return map[string]any{"jwt": map[string]any{
			"client-key-password": "REPLACE WITH THE KEY PASSWORD IN KEYSTORE", "client-keystore-file": "REPLACE WITH THE LOCATION OF YOUR KEYSTORE FILE",
			"client-keystore-password": "REPLACE WITH THE KEYSTORE PASSWORD", "client-key-alias": c.ID,
			"token-timeout": 10, "client-keystore-type": "jks"}}
	case "client-secret-jwt":
		jwt := map[string]any{"secret": c.Secret}
		if c.AuthAlg != "" {
			jwt["algorithm"] = c.AuthAlg
		}
		return map[string]any{"secret-jwt": jwt}
	}
	return map[string]any{"secret": c.Secret}
}
