package realmfile

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// fullScope finds the clients whose tokens carry every role that the user has: whoever gets hold of one
// may do all that the user may, everywhere.
func (v *reviewer) fullScope() []Finding {
	return each("full-scope", "tokens carry all roles of the user, and are for every client that these are of; give the client the roles that it needs as scope mappings first",
		only(v.applications(), func(c *realm.Client) bool { return c.FullScope }),
		func(c *realm.Client) string {
			return v.set(c, explain.Setting{Field: "fullScopeAllowed", Value: "false"})
		})
}

// accountAudience tells that every user has roles of the client "account", so that tokens of clients with
// full scope are for the account API too.
func (v *reviewer) accountAudience() []Finding {
	var all realm.RoleSet
	v.realm.Expand(&all, v.realm.DefaultRole)
	var names []string
	for _, role := range all.All() {
		if ref := v.realm.Ref(role); ref.Client == clientAccount {
			names = append(names, ref.Name)
		}
	}
	reached := only(v.applications(), func(c *realm.Client) bool { return c.FullScope && v.resolvesAudience(c) })
	if len(names) == 0 || len(reached) == 0 {
		return nil
	}
	slices.Sort(names)
	return []Finding{{Name: "account-audience", Clients: idsOf(reached),
		Text:     "every user has roles of the client account, so that these clients' tokens are for it too and may change the user's account",
		Commands: []string{explain.DropRoles(v.realm.Name, v.realm.RoleByKey(v.realm.DefaultRole).Name, clientAccount, names...)}}}
}

// resolvesAudience tells whether a default scope of the client adds the clients of roles to the audience.
func (v *reviewer) resolvesAudience(c *realm.Client) bool {
	mappers := slices.Clone(c.Mappers)
	for _, key := range c.DefaultScopes {
		if s := v.realm.ScopeByKey(key); s != nil {
			mappers = append(mappers, s.Mappers...)
		}
	}
	return slices.ContainsFunc(mappers, func(m realm.Mapper) bool { return m.Kind == mapper.KindResolve })
}

// anyExchange finds the clients that may exchange tokens without a limit of where to. The command lists all
// that they may reach today: strike out what they need not.
func (v *reviewer) anyExchange() []Finding {
	if v.realm.Exchange.DenyUnlisted {
		return nil
	}
	return each("any-exchange", "may exchange tokens for every audience that they reach; the command lists what that is today, strike out what is not needed",
		only(v.applications(), func(c *realm.Client) bool { return c.Exchange.Enabled && c.Exchange.Permitted == nil }),
		func(c *realm.Client) string {
			return v.set(c, explain.Attribute(permitted, list(v.reach(c))))
		})
}

const (
	permitted = "tokenhouse.exchange.permitted"
	accepts   = "tokenhouse.exchange.accepts"
)

// list is how an attribute holds several values; a bare separator is a list of none.
func list(values []string) string {
	if len(values) == 0 {
		return "##"
	}
	return strings.Join(values, "##")
}

// reach are the audiences that a client may reach: of Audience mappers, and of the roles that it may carry.
func (v *reviewer) reach(c *realm.Client) []string {
	var out []string
	add := func(id string) {
		if id != "" && id != c.ID && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	mappers, carries := slices.Clone(c.Mappers), slices.Clone(c.ScopeMappings)
	for _, key := range slices.Concat(c.DefaultScopes, c.OptionalScopes) {
		if s := v.realm.ScopeByKey(key); s != nil {
			mappers, carries = append(mappers, s.Mappers...), append(carries, s.ScopeMappings...)
		}
	}
	for _, m := range mappers {
		if m.Kind == mapper.KindAudience {
			for id := range strings.SplitSeq(m.Config["included.client.audience"], "##") {
				add(strings.TrimSpace(id))
			}
			if m.Config["included.client.audience"] == "" {
				add(m.Config["included.custom.audience"])
			}
		}
	}
	var roles realm.RoleSet
	v.realm.Expand(&roles, carries...)
	if c.FullScope {
		for _, role := range v.realm.Roles() {
			roles.Add(role)
		}
	}
	for _, role := range roles.All() {
		add(v.realm.Ref(role).Client)
	}
	slices.Sort(out)
	return out
}

// anyRedirect finds the clients to whose codes and tokens any page can be sent.
func (v *reviewer) anyRedirect() []Finding {
	anywhere := []string{"*", "http://*", "https://*"}
	found := only(v.applications(), func(c *realm.Client) bool {
		return slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return slices.Contains(anywhere, uri) })
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{Name: "any-redirect", Clients: idsOf(found), Text: "a redirect URI admits every address: whoever lures a user there gets the code; name the client's own addresses"}}
}
