package realmfile

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// absentClients finds the clients that Keycloak leaves in the audience of tokens although they are disabled,
// or are not there at all.
func (v *reviewer) absentClients() []Finding {
	named := map[string]bool{}
	for _, role := range v.realm.Roles() {
		if c := v.realm.ClientByKey(role.Client); c != nil && !c.Enabled {
			named[c.ID] = true
		}
	}
	v.eachMapper(func(m *realm.Mapper) {
		if m.Kind != mapper.KindAudience {
			return
		}
		for id := range strings.SplitSeq(m.Config["included.client.audience"], "##") {
			if id = strings.TrimSpace(id); id == "" {
				continue
			}
			if c := v.realm.Client(id); c == nil || !c.Enabled {
				named[id] = true
			}
		}
	})
	if len(named) == 0 {
		return nil
	}
	return []Finding{{Name: "absent-clients", Clients: sortedKeys(named),
		Text: "disabled or missing: never in aud or resource_access here, while Keycloak leaves them in"}}
}

// eachMapper looks at the mappers of everything that speaks OpenID Connect.
func (v *reviewer) eachMapper(look func(*realm.Mapper)) {
	all := func(mappers []realm.Mapper) {
		for i := range mappers {
			if mappers[i].Protocol == "openid-connect" {
				look(&mappers[i])
			}
		}
	}
	for _, s := range v.realm.Scopes() {
		all(s.Mappers)
	}
	for _, c := range v.realm.Clients() {
		all(c.Mappers)
	}
}

// silentMappers finds mappers that write nothing here: of kinds that are kept and not acted on, of kinds
// that nobody knows, and for claims that no mapper may write.
func (v *reviewer) silentMappers() []Finding {
	kinds, claims := map[string]bool{}, map[string]bool{}
	v.eachMapper(func(m *realm.Mapper) {
		kind := mapper.KindOf(m)
		switch {
		case kind == nil || !kind.Acts():
			if !inactive(m) {
				kinds[m.Kind] = true
			}
		case mapper.Reserved(m.Config["claim.name"]):
			claims[m.Config["claim.name"]] = true
		}
	})
	var out []Finding
	if len(kinds) > 0 {
		out = append(out, Finding{Name: "mapper-kinds", Text: "mappers of these kinds write nothing: " + strings.Join(sortedKeys(kinds), ", ")})
	}
	if len(claims) > 0 {
		out = append(out, Finding{Name: "reserved-claims", Text: "mappers may not write these claims, and do not: " + strings.Join(sortedKeys(claims), ", ")})
	}
	return out
}

// inactive tells whether a mapper is one that comes with every realm and acts on what nobody uses there.
func inactive(m *realm.Mapper) bool { return m.Kind == "oidc-organization-membership-mapper" }

// exchanged tells how exchanged tokens differ, where any client exchanges.
func (v *reviewer) exchanged() []Finding {
	requesters := only(v.realm.Clients(), func(c *realm.Client) bool { return c.Enabled && c.Exchange.Enabled })
	if len(requesters) == 0 {
		return nil
	}
	var out []Finding
	if v.realm.Exchange.CapLifetime {
		out = append(out, Finding{Name: "cap-lifetime", Clients: idsOf(requesters), Text: "exchanged tokens end with the token that they were exchanged for",
			Commands: []string{v.setRealm("tokenhouse.exchange.cap-lifetime", "false")}})
	}
	if refreshing := only(requesters, func(c *realm.Client) bool { return c.Exchange.Refresh }); len(refreshing) > 0 {
		out = append(out, Finding{Name: "refresh-filter", Clients: idsOf(refreshing), Text: "refreshing an exchanged token keeps its audience, which Keycloak widens"})
	}
	return out
}
