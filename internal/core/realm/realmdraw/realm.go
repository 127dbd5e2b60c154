// Package realmdraw draws realms for tests of properties.
package realmdraw

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Issuer is the realm's, as the caller reaches it.
const Issuer = "https://id.example/realms/shop"

var (
	// Clients are the ids of the clients, any of which may be disabled.
	Clients = []string{"c0", "c1", "c2", "c3", "c4"}
	// Targets are all that mappers and lists name: "urn:x" and "ghost" are no clients.
	Targets = append([]string{"urn:x", "ghost"}, Clients...)
	// Adding are kinds of mappers that add audiences or roles; the more often one is named, the more often it is drawn.
	Adding = []string{mapper.KindAudience, mapper.KindAudience, mapper.KindResolve, mapper.KindResolve, "oidc-hardcoded-role-mapper", "tokenhouse-realm-audience-mapper"}
	// Taking are kinds that may take some away, or put others in their place.
	Taking = []string{"oidc-role-name-mapper", mapper.KindFixed, "oidc-usermodel-attribute-mapper"}
)

// Realm draws a realm of a few clients, scopes, roles and mappers of these kinds.
func Realm(t *rapid.T, kinds []string) *realm.Realm {
	d := realm.New("r", realm.Settings{Name: "shop", Exchange: realm.ExchangePolicy{
		ChainLimit: rapid.IntRange(-1, 4).Draw(t, "chain limit"), RefuseCycles: rapid.Bool().Draw(t, "refuse cycles"),
		DenyUnlisted: rapid.IntRange(0, 3).Draw(t, "deny unlisted") == 0,
	}})
	pick := func(label string, from []string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 3, rapid.ID[string]).Draw(t, label)
	}
	list := func(label string, from []string) *[]string {
		if rapid.Bool().Draw(t, label+"?") {
			return nil
		}
		names := rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 5, rapid.ID[string]).Draw(t, label)
		return &names
	}
	var roles []string
	for i := range 8 {
		r := &realm.Role{Key: fmt.Sprint("role", i), Name: fmt.Sprint("r", i), Client: rapid.SampledFrom(append([]string{""}, Clients...)).Draw(t, "owner")}
		if len(roles) > 0 {
			r.Composites = pick("composites", roles)
		}
		roles = append(roles, r.Key)
		d.PutRole(r)
	}
	var scopes []string
	for i := range 5 {
		s := &realm.ClientScope{Key: fmt.Sprint("s", i), Name: fmt.Sprint("s", i), InToken: rapid.IntRange(0, 3).Draw(t, "shown") > 0, Mappers: mappers(t, kinds)}
		if rapid.Bool().Draw(t, "for roles") {
			s.ScopeMappings = pick("scope mappings", roles)
		}
		scopes = append(scopes, s.Key)
		d.PutScope(s)
	}
	for _, id := range Clients {
		d.PutClient(&realm.Client{
			Key: id, ID: id, Enabled: rapid.IntRange(0, 5).Draw(t, "enabled") > 0, Public: rapid.IntRange(0, 2).Draw(t, "public") == 0,
			StandardFlow: rapid.Bool().Draw(t, "standard flow"), FullScope: rapid.Bool().Draw(t, "full scope"), ScopeMappings: pick("client's scope mappings", roles),
			DefaultScopes: pick("default scopes", scopes), OptionalScopes: pick("optional scopes", scopes), Mappers: mappers(t, kinds),
			Exchange: realm.ClientExchange{
				Enabled: rapid.IntRange(0, 2).Draw(t, "exchange") > 0, Public: rapid.Bool().Draw(t, "exchange public"),
				Permitted: list("permitted", Targets), Accepts: list("accepts", Clients),
			},
			Tokens: realm.ClientTokens{Lightweight: rapid.IntRange(0, 3).Draw(t, "lightweight") == 0},
		})
	}
	return d.Realm()
}

func mappers(t *rapid.T, kinds []string) []realm.Mapper {
	out := make([]realm.Mapper, rapid.IntRange(0, 2).Draw(t, "mappers"))
	for i := range out {
		target := rapid.SampledFrom(Targets).Draw(t, "target")
		out[i] = realm.Mapper{
			Key: fmt.Sprint("m", i), Name: fmt.Sprint("m", i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Protocol: "openid-connect",
			Config: map[string]string{
				"role": rapid.SampledFrom([]string{"c1.r1", "c2.r2", "r3"}).Draw(t, "role"), "new.role.name": target + ".r2",
				"claim.name": "aud", "claim.value": target, "user.attribute": "for", "jsonType.label": "String",
				"access.token.claim": rapid.SampledFrom([]string{"true", "true", "false"}).Draw(t, "access"),
				"lightweight.claim":  rapid.SampledFrom([]string{"true", "false"}).Draw(t, "lightweight"),
			},
		}
		name := "included.client.audience"
		if rapid.IntRange(0, 3).Draw(t, "custom") == 0 {
			name = "included.custom.audience"
		}
		out[i].Config[name] = target
	}
	return out
}

// Everybody has each role of the realm.
func Everybody(r *realm.Realm) *user.User {
	u := &user.User{ID: "u", Username: "alice", Enabled: true}
	for _, role := range r.Roles() {
		u.Roles = append(u.Roles, role.Key)
	}
	return u
}

// Somebody has some of them, and an attribute that mappers write to aud.
func Somebody(t *rapid.T, r *realm.Realm) *user.User {
	u := Everybody(r)
	u.Roles = rapid.SliceOfDistinct(rapid.SampledFrom(u.Roles), rapid.ID[string]).Draw(t, "roles")
	u.Attributes = map[string][]string{"for": {rapid.SampledFrom(Targets).Draw(t, "for")}}
	return u
}
