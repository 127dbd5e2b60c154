package realm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func settings() realm.Settings {
	s := realm.Settings{Name: "shop", SSLRequired: "external"}
	s.Lifespans.SessionIdle, s.Lifespans.SessionMax = 30*time.Minute, 10*time.Hour
	return s
}

// TestValidate puts one thing into a realm, and expects Keycloak's complaint about it.
func TestValidate(t *testing.T) {
	client := func(c realm.Client) func(*realm.Draft) {
		if c.ID == "" {
			c.ID = "c"
		}
		return func(d *realm.Draft) { d.PutClient(&c) }
	}
	lasting := func(d time.Duration) realm.Override { return realm.Override{Set: true, Value: d} }
	for _, c := range []struct {
		name  string
		put   func(*realm.Draft)
		field string
		want  string // empty: accepted
	}{
		{"nothing", func(*realm.Draft) {}, "", ""},
		{"realm without name", func(d *realm.Draft) { s := settings(); s.Name = " "; d.PutSettings(s) }, "", "Realm name cannot be empty"},
		{"realm with a slash", func(d *realm.Draft) { s := settings(); s.Name = "a/b"; d.PutSettings(s) }, "", "Character '/' not allowed."},
		{"realm with a long name", func(d *realm.Draft) { s := settings(); s.Name = strings.Repeat("x", 256); d.PutSettings(s) }, "", "Realm name is longer than 255 characters"},
		{"client sessions beyond the realm's", func(d *realm.Draft) { s := settings(); s.Lifespans.ClientIdle = time.Hour; d.PutSettings(s) },
			"clientSessionIdleTimeout", "Client Session Idle Timeout cannot be greater than Realm SSO Idle Timeout."},
		{"client sessions as long as remembered ones", func(d *realm.Draft) {
			s := settings()
			s.Lifespans.ClientIdle, s.Lifespans.SessionIdleRemember = time.Hour, time.Hour
			d.PutSettings(s)
		}, "", ""},
		{"unknown need of TLS", func(d *realm.Draft) { s := settings(); s.SSLRequired = "sometimes"; d.PutSettings(s) }, "sslRequired", "sometimes is none of none, external, all"},

		{"client", client(realm.Client{RootURL: "https://a.example", BaseURL: "/x", RedirectURIs: []string{"https://a.example/*", "app:/callback", "/x", "*", "https://a*.example:*/%2F", "https://[::1]/x"}}), "", ""},
		{"client with the server's URL", client(realm.Client{RootURL: "${authBaseUrl}"}), "", ""},
		{"client without id", client(realm.Client{ID: " "}), "clientId", "Client ID cannot be blank"},
		{"client of a protocol", client(realm.Client{Protocol: "carrier-pigeon"}), "protocol", "Invalid protocol: carrier-pigeon"},
		{"fragment", client(realm.Client{RedirectURIs: []string{"https://a.example/#x"}}), "redirectUris", "A redirect URI must not contain an URL fragment"},
		{"script", client(realm.Client{RedirectURIs: []string{"JavaScript:alert(1)"}}), "redirectUris", "A redirect URI uses an illegal scheme"},
		{"no URI", client(realm.Client{RedirectURIs: []string{"https://a b"}}), "redirectUris", "A redirect URI is not a valid URI"},
		{"half an octet", client(realm.Client{RedirectURIs: []string{"https://a.example/%2"}}), "redirectUris", "A redirect URI is not a valid URI"},
		{"half an address", client(realm.Client{RedirectURIs: []string{"https://[a/x"}}), "redirectUris", "A redirect URI is not a valid URI"},
		{"root URL with a fragment", client(realm.Client{RootURL: "https://a.example/#x"}), "rootUrl", "Root URL must not contain an URL fragment"},
		{"script after logout", client(realm.Client{Logout: realm.ClientLogout{RedirectURIs: []string{"javascript:x"}}}), "postLogoutRedirectUris", "A post-logout redirect URI uses an illegal scheme"},
		{"addresses below others", client(realm.Client{AdminURL: "/k", Logout: realm.ClientLogout{BackChannelURL: "/b", FrontChannelURL: "/f"}}), "", ""},
		{"script at front-channel logout", client(realm.Client{Logout: realm.ClientLogout{FrontChannelURL: "javascript:x"}}), "frontchannelLogoutUrl", "Front-channel logout URL uses an illegal scheme"},
		{"keys nowhere", client(realm.Client{UseJWKSURL: true, JWKSURL: "nope"}), "jwksUrl", "JWKS URL is not a valid URL"},
		{"keys in two places", client(realm.Client{UseJWKSURL: true, UseJWKS: true, JWKSURL: "https://a.example/keys"}), "jwksUrl",
			`The "Use JWKS" switch and the switch "Use JWKS URL" cannot be ON at the same time.`},
		{"levels", client(realm.Client{SignIn: realm.ClientSignIn{ACR: map[string]int{"gold": 2}, DefaultACR: []string{"gold", "1"}, LeastACR: "gold"}}), "", ""},
		{"no level of the client's", client(realm.Client{SignIn: realm.ClientSignIn{DefaultACR: []string{"gold"}}}), "defaultAcrValues",
			"Default ACR values need to contain values specified in the ACR-To-Loa mapping or number levels from set realm browser flow"},
		{"no least level", client(realm.Client{SignIn: realm.ClientSignIn{LeastACR: "gold"}}), "minimumAcrValue",
			"Minimum ACR value needs to be value specified in the ACR-To-Loa mapping or number level from set realm browser flow"},
		{"no URL", client(realm.Client{RootURL: "not a url"}), "rootUrl", "Root URL is not a valid URL"},
		{"several", client(realm.Client{RootURL: "javascript:a", BaseURL: "vbscript:c"}), "rootUrl", "Root URL uses an illegal scheme; Base URL is not a valid URL"},
		{"script at logout", client(realm.Client{Logout: realm.ClientLogout{BackChannelURL: "javascript:x"}}), "backchannelLogoutUrl", "Backchannel logout URL uses an illegal scheme"},
		{"sessions within the realm's", client(realm.Client{Tokens: realm.ClientTokens{SessionIdle: lasting(30 * time.Minute), SessionMax: lasting(10 * time.Hour)}}), "", ""},
		{"sessions beyond the realm's", client(realm.Client{Tokens: realm.ClientTokens{SessionIdle: lasting(31 * time.Minute), SessionMax: lasting(11 * time.Hour)}}), "clientSessionIdleTimeout",
			"Client session idle timeout cannot exceed realm SSO session idle timeout.; Client session max lifespan cannot exceed realm SSO session max lifespan."},

		{"scope", func(d *realm.Draft) { d.PutScope(&realm.ClientScope{Name: "a/b", Protocol: "openid-connect"}) }, "", ""},
		{"scope with a blank", func(d *realm.Draft) { d.PutScope(&realm.ClientScope{Name: "has space", Protocol: "openid-connect"}) }, "name", `Unexpected name "has space" for ClientScope`},
		{"scope without name", func(d *realm.Draft) { d.PutScope(&realm.ClientScope{Protocol: "saml"}) }, "name", `Unexpected name "" for ClientScope`},
		{"scope of no protocol", func(d *realm.Draft) { d.PutScope(&realm.ClientScope{Name: "s"}) }, "protocol", "Unexpected protocol"},

		{"role without name", func(d *realm.Draft) { d.PutRole(&realm.Role{Key: "r"}) }, "name", "role has no name"},
		{"default role goes", func(d *realm.Draft) { d.Delete(realm.KindRole, "default") }, "", "the default role of the realm cannot be removed."},
		{"another role goes", func(d *realm.Draft) { d.Delete(realm.KindRole, "other") }, "", ""},
	} {
		s := settings()
		s.DefaultRole = "default"
		d := realm.Edit(realm.New("k", s).Realm())
		c.put(d)
		err := d.Validate()
		var invalid *fault.Invalid
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (!errors.As(err, &invalid) || invalid.Message != c.want || invalid.Field != c.field):
			t.Errorf("%s: %v, want %s: %s", c.name, err, c.field, c.want)
		}
	}
}
