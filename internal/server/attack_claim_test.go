package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// relied are claims that the server itself relies on, and "colour", which is anybody's.
var relied = []string{"iss", "exp", "iat", "nbf", "jti", "typ", "sid", "session_state", "scope", "cnf", "act", "exchange_path", "req-aud", "req-res", "prov", "reuse_id", "colour"}

// claimKinds make a mapper that writes a value to a claim, each its own way.
var claimKinds = map[string]func(p *pit, claim, value string) realm.Mapper{
	"hardcoded claim": func(_ *pit, claim, value string) realm.Mapper {
		return realm.Mapper{Kind: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.value": value}}
	},
	"user attribute": func(p *pit, claim, value string) realm.Mapper {
		p.alice(func(u *user.User) {
			if u.Attributes = maps.Clone(u.Attributes); u.Attributes == nil {
				u.Attributes = map[string][]string{}
			}
			u.Attributes["as-"+claim] = []string{value}
		})
		return realm.Mapper{Kind: "oidc-usermodel-attribute-mapper", Config: map[string]string{"user.attribute": "as-" + claim}}
	},
}

// attackWrittenClaims has mappers write what the server relies on: it is in no token and no answer, whichever grant it came by
// (T17).
func attackWrittenClaims(y *cells, p *pit) {
	b := p.browser()
	b.login("secret", "alice")
	was := p.current().Client("secret").Mappers
	defer p.client("secret", func(c *realm.Client) { c.Mappers = was })
	for kind, make := range claimKinds {
		mappers := slices.Clone(was)
		for _, claim := range relied {
			m := make(p, claim, "written-to-"+claim+".")
			m.Key, m.Name, m.Protocol = kind+claim, kind+claim, "openid-connect"
			m.Config["claim.name"], m.Config["jsonType.label"] = claim, "String"
			for _, place := range []string{"access.token.claim", "id.token.claim", "userinfo.token.claim", "introspection.token.claim"} {
				m.Config[place] = "true"
			}
			mappers = append(mappers, m)
		}
		p.client("secret", func(c *realm.Client) { c.Mappers = mappers })
		for _, w := range ways() {
			if w.client != "secret" || !w.tokens || kind == "user attribute" && w.user != "alice" {
				continue
			}
			got := p.want(w.begin(p, w.client, b).use())
			access := got.get("access_token")
			shown := map[string]any{"access token": claims(p.T, access), "introspection": p.post("token/introspect", p.by("secret", "token", access)).members}
			if id := got.get("id_token"); id != "" {
				shown["ID token"] = claims(p.T, id)
			}
			if refresh := got.get("refresh_token"); refresh != "" {
				shown["refresh token"] = claims(p.T, refresh)
			}
			if info := p.post("userinfo", pairs("access_token", access)); info.status == http.StatusOK {
				shown["userinfo"] = info.members
			}
			for place, says := range shown {
				text, err := json.Marshal(says)
				if err != nil {
					p.Fatal(err)
				}
				for _, claim := range relied {
					written := strings.Contains(string(text), "written-to-"+claim+".")
					y.cell(written, claim == "colour" && place != "refresh token", kind, claim, w.name, place)
				}
			}
		}
	}
}
