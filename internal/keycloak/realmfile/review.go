package realmfile

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Review is what whoever brings a realm here should know of it before its first token.
type Review struct {
	Holds       []Count   // what is acted on, by kind
	Risks       []Finding // settings that make tokens good for more than anybody needs
	Permissions []Finding // permissions of Keycloak's first token exchange, and the settings that say the same here
	Differences []Finding // where tokens are not what Keycloak's would be
}

// Count is how many things of a kind a realm holds.
type Count struct {
	Noun string // in the plural, as "client scopes"
	N    int
}

// Finding is one thing to know, and what can be done about it.
type Finding struct {
	Name     string   // of the rule, as "full-scope"; of most differences their name in docs/keycloak-divergences.md
	Clients  []string // client_ids that it is about; empty where it is about the realm
	Text     string
	Commands []string // as typed in a shell; each is one change, and may be left out
}

// Review reviews a realm as Build made it. It looks at the configuration only: users, and what depends on
// them, are not in it.
func (c *Contents) Review() Review {
	v := &reviewer{realm: c.Draft.Realm()}
	out := Review{Holds: v.holds(c.Groups), Permissions: v.permissions()}
	for _, look := range []func() []Finding{v.fullScope, v.accountAudience, v.anyExchange, v.anyRedirect} {
		out.Risks = append(out.Risks, look()...)
	}
	for _, look := range []func() []Finding{v.absentClients, v.silentMappers, v.exchanged} {
		out.Differences = append(out.Differences, look()...)
	}
	return out
}

type reviewer struct{ realm *realm.Realm }

func (v *reviewer) holds(groups []*realm.Group) []Count {
	mappers := 0
	for _, c := range v.realm.Clients() {
		mappers += len(c.Mappers)
	}
	for _, s := range v.realm.Scopes() {
		mappers += len(s.Mappers)
	}
	return []Count{{"clients", len(v.realm.Clients())}, {"client scopes", len(v.realm.Scopes())}, {"protocol mappers", mappers},
		{"roles", len(v.realm.Roles())}, {"groups", len(groups)}, {"identity providers", len(v.realm.Providers())},
		{"keys", len(v.realm.Keys())}}
}

// applications are the clients that get tokens, but for those that come with every realm.
func (v *reviewer) applications() []*realm.Client {
	return slices.DeleteFunc(v.realm.Clients(), func(c *realm.Client) bool {
		issues := c.StandardFlow || c.ImplicitFlow || c.DirectAccess || c.ServiceAccounts
		return !c.Enabled || !c.OIDC() || c.BearerOnly || !issues || slices.Contains(builtinIDs, c.ID)
	})
}

var builtinIDs = []string{clientAccount, clientAccountConsole, clientAdminConsole, clientAdminCLI, clientBroker}

// mostCommands is how many commands a finding lists: one for each of 10,000 clients helps nobody.
const mostCommands = 20

// set is the command that changes a client.
func (v *reviewer) set(c *realm.Client, settings ...explain.Setting) string {
	return explain.Command("update", "clients/"+c.Key, v.realm.Name, settings...)
}

// each is a finding about clients, with a command for each.
func each(name, text string, clients []*realm.Client, command func(*realm.Client) string) []Finding {
	if len(clients) == 0 {
		return nil
	}
	f := Finding{Name: name, Text: text, Clients: idsOf(clients)}
	for _, c := range clients[:min(len(clients), mostCommands)] {
		f.Commands = append(f.Commands, command(c))
	}
	return []Finding{f}
}

func idsOf(clients []*realm.Client) []string {
	out := make([]string, len(clients))
	for i, c := range clients {
		out[i] = c.ID
	}
	return out
}

func only(clients []*realm.Client, has func(*realm.Client) bool) []*realm.Client {
	return slices.DeleteFunc(slices.Clone(clients), func(c *realm.Client) bool { return !has(c) })
}

// extra is what is kept of a client.
func extra(c *realm.Client) keycloak.Object { return keycloak.Object(c.Extra) }
