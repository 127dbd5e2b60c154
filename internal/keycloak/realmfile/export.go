package realmfile

import (
	"cmp"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// Export is the representation of a realm with all that it contains but its users. extra gives what is
// kept of a document and not acted on, which snapshots of realms do not carry.
func Export(r *realm.Realm, groups []*realm.Group, extra func(realm.Kind, string) (realm.Extra, error)) (keycloak.Object, error) {
	e := &exporter{realm: r, extra: extra}
	o := e.settings(groups)
	e.scopes(o)
	e.clients(o)
	e.roles(o)
	e.mappings(o)
	e.providers(o)
	e.components(o)
	o.Put("groups", e.groupsBelow(childrenOf(groups), ""))
	o.Put("keycloakVersion", Version)
	mark(o)
	return o, e.err
}

// exported is an attribute that marks our exports. Keycloak completes what it imports, its own exports
// too: mappers get a switch for userinfo, clients a secret. What we export is complete, and comes back
// as it was.
const exported = "tokenhouse.export"

func mark(o keycloak.Object) {
	attributes := keycloak.Value[map[string]string](o, "attributes")
	attributes[exported] = "1"
	o.Put("attributes", attributes)
}

// unmark tells whether a representation is an export of ours, and removes the mark.
func unmark(o keycloak.Object) bool {
	attributes := keycloak.Value[map[string]string](o, "attributes")
	own := attributes[exported] == "1"
	if own {
		delete(attributes, exported)
		o.Put("attributes", attributes)
	}
	return own
}

type exporter struct {
	realm *realm.Realm
	extra func(realm.Kind, string) (realm.Extra, error)
	err   error // the first that reading an Extra gave
}

func (e *exporter) load(kind realm.Kind, key string) realm.Extra {
	extra, err := e.extra(kind, key)
	if err != nil && e.err == nil {
		e.err = err
	}
	return extra
}

func (e *exporter) settings(groups []*realm.Group) keycloak.Object {
	with := *e.realm
	with.Extra = e.load(realm.KindRealm, e.realm.Key)
	o := keycloak.FromSettings(&with)
	authflow.Export(o)
	keycloak.ShowOTPApplications(o)
	o.Put("defaultDefaultClientScopes", e.scopeNames(e.realm.DefaultScopes))
	o.Put("defaultOptionalClientScopes", e.scopeNames(e.realm.OptionalScopes))
	paths := []string{}
	for _, key := range e.realm.DefaultGroups {
		for _, g := range groups {
			if g.Key == key {
				paths = append(paths, g.Path)
			}
		}
	}
	o.Put("defaultGroups", paths)
	return o
}

func (e *exporter) scopeNames(keys []string) []string {
	names := []string{}
	for _, key := range keys {
		if s := e.realm.ScopeByKey(key); s != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

func (e *exporter) scopes(o keycloak.Object) {
	out := []keycloak.Object{}
	for _, s := range e.realm.Scopes() {
		with := *s
		with.Extra = e.load(realm.KindScope, s.Key)
		out = append(out, keycloak.FromClientScope(&with))
	}
	o.Put("clientScopes", out)
}

func (e *exporter) clients(o keycloak.Object) {
	out := []keycloak.Object{}
	for _, c := range e.realm.Clients() {
		with := *c
		with.Extra = e.load(realm.KindClient, c.Key)
		out = append(out, keycloak.FromClient(e.realm, &with))
	}
	o.Put("clients", out)
}

func (e *exporter) roles(o keycloak.Object) {
	own, ofClients := []keycloak.Object{}, map[string][]keycloak.Object{}
	for _, c := range e.realm.Clients() {
		ofClients[c.ID] = []keycloak.Object{}
	}
	for _, role := range e.realm.Roles() {
		with := *role
		with.Extra = e.load(realm.KindRole, role.Key)
		representation := keycloak.FromRole(e.realm, &with)
		if role.Key == e.realm.DefaultRole {
			o.Put("defaultRole", briefly(representation))
		}
		if len(role.Composites) > 0 {
			representation.Put("composites", keycloak.Composites(e.realm, role))
		}
		if ref := e.realm.Ref(role); ref.Client == "" {
			own = append(own, representation)
		} else if _, ok := ofClients[ref.Client]; ok {
			ofClients[ref.Client] = append(ofClients[ref.Client], representation)
		}
	}
	o.Put("roles", map[string]any{"realm": own, "client": ofClients})
}

// briefly is a role without its attributes.
func briefly(role keycloak.Object) keycloak.Object {
	out := keycloak.Object{}
	for _, member := range []string{"id", "name", "description", "composite", "clientRole", "containerId"} {
		if role.Has(member) {
			out[member] = role[member]
		}
	}
	return out
}

// mapping is which roles a client or a client scope may carry.
type mapping struct {
	Client      string   `json:"client,omitempty"`
	ClientScope string   `json:"clientScope,omitempty"`
	Roles       []string `json:"roles"`
}

func (e *exporter) mappings(o keycloak.Object) {
	own, ofClients := []mapping{}, map[string][]mapping{}
	add := func(client, scope string, keys []string) {
		roles, clientRoles := keycloak.RoleNames(e.realm, keys)
		if len(roles) > 0 {
			own = append(own, mapping{client, scope, roles})
		}
		for _, id := range sortedKeys(clientRoles) {
			ofClients[id] = append(ofClients[id], mapping{client, scope, clientRoles[id]})
		}
	}
	for _, s := range e.realm.Scopes() {
		add("", s.Name, s.ScopeMappings)
	}
	for _, c := range e.realm.Clients() {
		add(c.ID, "", c.ScopeMappings)
	}
	o.Put("scopeMappings", own)
	o.Put("clientScopeMappings", ofClients)
}

func (e *exporter) providers(o keycloak.Object) {
	out := []keycloak.Object{}
	for _, p := range e.realm.Providers() {
		with := *p
		with.Extra = e.load(realm.KindProvider, p.Key)
		out = append(out, keycloak.FromProvider(&with))
	}
	o.Put("identityProviders", out)
	if !o.Has("identityProviderMappers") {
		o.Put("identityProviderMappers", []any{})
	}
}

func (e *exporter) components(o keycloak.Object) {
	all := keycloak.OtherComponents(o)
	if all == nil {
		all = map[string][]keycloak.Object{}
	}
	keys := e.realm.Keys()
	slices.SortStableFunc(keys, func(a, b *realm.KeyProvider) int { return cmp.Compare(a.Name, b.Name) })
	for _, k := range keys {
		with := *k
		with.Extra = e.load(realm.KindKey, k.Key)
		all[keycloak.KeyProviderType] = append(all[keycloak.KeyProviderType], keycloak.FromKeyProvider(&with))
	}
	o.Put("components", all)
}

func childrenOf(groups []*realm.Group) map[string][]*realm.Group {
	out := map[string][]*realm.Group{}
	for _, g := range groups {
		out[g.Parent] = append(out[g.Parent], g)
	}
	return out
}

func (e *exporter) groupsBelow(children map[string][]*realm.Group, parent string) []keycloak.Object {
	out := []keycloak.Object{}
	for _, g := range children[parent] {
		o := keycloak.FromGroup(e.realm, g)
		o.Put("subGroups", e.groupsBelow(children, g.Key))
		out = append(out, o)
	}
	return out
}
