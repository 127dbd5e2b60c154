package realmfile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// exchangeScope is the scope of the permissions that Keycloak's first token exchange asked for.
const exchangeScope = "token-exchange"

// permissions reads the token exchange permissions of the realm's management client, and says the same by
// the lists of who may exchange for what. A client that no permission names could not exchange at all.
func (v *reviewer) permissions() []Finding {
	management := v.realm.Client(realm.OwnManagementClient(v.realm.Name))
	if management == nil {
		return nil
	}
	p := readPolicies(keycloak.Value[keycloak.Object](extra(management), "authorizationSettings"))
	targets := map[string][]string{} // requester → the clients that it may exchange for
	var out []Finding
	for _, permission := range p.permissions {
		target, provider := v.target(permission)
		requesters, unread := v.requesters(p, permission)
		var f Finding
		switch {
		case target != nil:
			f = v.accepting(target, requesters)
			for _, r := range requesters {
				targets[r.ID] = append(targets[r.ID], target.ID)
			}
		case provider != nil:
			f = v.foreign(provider, requesters)
		default:
			f = Finding{Text: "permission " + permission.Text("name") + " is for something that the file does not have"}
		}
		if len(unread) > 0 {
			f.Text += "; not said by any setting: the policies " + strings.Join(unread, ", ")
		}
		f.Name = "v1-permission"
		out = append(out, f)
	}
	for _, id := range sortedKeys(targets) {
		slices.Sort(targets[id])
		requester, named := v.realm.Client(id), slices.Compact(targets[id])
		out = append(out, v.requesting(requester, named))
		out = append(out, v.carrying(requester, named)...)
	}
	return out
}

// carrying is what the first exchange gave and this one does not: roles that the target may carry, where the requester may not.
func (v *reviewer) carrying(c *realm.Client, targets []string) []Finding {
	if c.FullScope {
		return nil
	}
	f := Finding{Name: "v1-roles", Clients: []string{c.ID}, Text: "the first exchange gave tokens the roles of whom they are for; here they carry those that " + c.ID + " may, by scope mappings"}
	for _, id := range targets {
		target := v.realm.Client(id)
		for _, role := range v.realm.RolesOf(target.Key) {
			if !slices.Contains(c.ScopeMappings, role.Key) {
				f.Commands = append(f.Commands, explain.MapRole(v.realm.Name, c.Key, target.Key, role.Key, role.Name))
			}
		}
	}
	if f.Commands == nil {
		return nil
	}
	f.Commands = f.Commands[:min(len(f.Commands), mostCommands)]
	return []Finding{f}
}

// accepting is what a permission says of the client that it guards.
func (v *reviewer) accepting(target *realm.Client, requesters []*realm.Client) Finding {
	ids := idsOf(requesters)
	text := target.ID + " accepts exchanges from nobody"
	if len(ids) > 0 {
		text = target.ID + " accepts exchanges from " + strings.Join(ids, ", ")
	}
	return Finding{Clients: []string{target.ID}, Text: text, Commands: []string{v.set(target, explain.Attribute(accepts, list(ids)))}}
}

// requesting is what permissions say together of a client that exchanges.
func (v *reviewer) requesting(c *realm.Client, targets []string) Finding {
	settings := []explain.Setting{explain.Attribute(permitted, list(targets))}
	switch {
	case c.Public:
		settings = append(settings, explain.Attribute("tokenhouse.exchange.public", "true"))
	case !c.Exchange.Enabled:
		settings = append(settings, explain.Attribute("standard.token.exchange.enabled", "true"))
	}
	return Finding{Name: "v1-permission", Clients: []string{c.ID}, Text: c.ID + " may exchange for " + strings.Join(targets, ", "),
		Commands: []string{v.set(c, settings...)}}
}

// foreign is what a permission says of an identity provider: which clients may exchange its tokens, or ask
// for them.
func (v *reviewer) foreign(p *realm.Provider, requesters []*realm.Client) Finding {
	f := Finding{Clients: idsOf(requesters), Text: "tokens of the identity provider " + p.Alias + " may be exchanged by " + strings.Join(idsOf(requesters), ", ") + "; " + notActedOn,
		Commands: []string{explain.Command("update", "identity-provider/instances/"+p.Alias, v.realm.Name, explain.Config("tokenhouse.exchange.trusted", "true"))}}
	for _, c := range requesters {
		f.Commands = append(f.Commands, v.set(c, explain.Attribute("tokenhouse.exchange.external", "true"), explain.Attribute("tokenhouse.exchange.issuers", p.Alias)))
	}
	return f
}

// setRealm is the command that sets an attribute of the realm.
func (v *reviewer) setRealm(attribute, value string) string {
	return explain.Command("update", "realms/"+v.realm.Name, v.realm.Name, explain.Attribute(attribute, value))
}

// policies are the authorization settings of a management client, as far as they are about token exchange.
type policies struct {
	permissions []keycloak.Object
	byName      map[string]keycloak.Object
}

func readPolicies(settings keycloak.Object) policies {
	p := policies{byName: map[string]keycloak.Object{}}
	for _, policy := range keycloak.Value[[]keycloak.Object](settings, "policies") {
		p.byName[policy.Text("name")] = policy
		if policy.Text("type") == "scope" && slices.Contains(listed(policy, "scopes"), exchangeScope) {
			p.permissions = append(p.permissions, policy)
		}
	}
	slices.SortStableFunc(p.permissions, func(a, b keycloak.Object) int { return strings.Compare(a.Text("name"), b.Text("name")) })
	return p
}

// listed is a list in a policy's config, where it stands as JSON inside a text.
func listed(policy keycloak.Object, member string) []string {
	var out []string
	_ = json.Unmarshal([]byte(keycloak.Value[map[string]string](policy, "config")[member]), &out) // what is no list names nothing
	return out
}

// target is the client or the identity provider that a permission guards. Keycloak's names of resources
// hold the id.
func (v *reviewer) target(permission keycloak.Object) (*realm.Client, *realm.Provider) {
	for _, resource := range listed(permission, "resources") {
		if key, ok := strings.CutPrefix(resource, "client.resource."); ok {
			return v.realm.ClientByKey(key), nil
		}
		if key, ok := strings.CutPrefix(resource, "idp.resource."); ok {
			for _, p := range v.realm.Providers() {
				if p.Key == key {
					return nil, p
				}
			}
		}
	}
	return nil, nil
}

// requesters are the clients that a permission's policies name, and the policies that name none: they ask
// for roles, users or scripts, or say who may not.
func (v *reviewer) requesters(p policies, permission keycloak.Object) (clients []*realm.Client, unread []string) {
	for _, name := range listed(permission, "applyPolicies") {
		policy := p.byName[name]
		if policy == nil || policy.Text("type") != "client" || strings.EqualFold(policy.Text("logic"), "NEGATIVE") {
			unread = append(unread, name)
			continue
		}
		for _, id := range listed(policy, "clients") {
			c := v.realm.Client(id)
			if c == nil {
				c = v.realm.ClientByKey(id)
			}
			if c != nil && !slices.Contains(clients, c) {
				clients = append(clients, c)
			}
		}
	}
	return clients, unread
}
