// Package realmdiff tells what differs between two representations of a realm, as exports have them.
//
// Things are the same by what people call them: a client by its clientId, a group by its path. Ids, and the order
// of lists of texts, which are sets, do not count. It is pure, and secrets never come out of it.
package realmdiff

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Action is what becomes of a thing.
type Action string

const (
	Added   Action = "added"
	Removed Action = "removed"
	Changed Action = "changed"
)

// Change is one thing that differs.
type Change struct {
	Kind    string   `json:"kind"` // "client", "group", "realm" for the realm's own settings, …
	Name    string   `json:"name"`
	Action  Action   `json:"action"`
	Members []Member `json:"members"` // of Changed: what differs in it
}

// Member is a member that differs. From or To is nil where it is absent; Hidden in place of secrets.
type Member struct {
	Path string          `json:"path"` // as "attributes.access.token.lifespan", "protocolMappers[name].config.x"
	From json.RawMessage `json:"from"`
	To   json.RawMessage `json:"to"`
}

// Hidden stands for a secret.
var Hidden = json.RawMessage(`"(hidden)"`)

// Compare tells what would change if from became to. Members that only one of them has count with those of a
// realm's contents; of Partial ones what is missing as a whole is not looked at.
func Compare(from, to keycloak.Object, scope Scope) []Change {
	a, b := contents(from), contents(to)
	var out []Change
	for _, kind := range slices.Sorted(maps.Keys(a.merge(b))) {
		if scope.leavesOut(kind, from, to) {
			continue
		}
		out = append(out, compareKind(kind, a[kind], b[kind])...)
	}
	slices.SortStableFunc(out, func(x, y Change) int { return cmp.Compare(rank(x.Kind), rank(y.Kind)) })
	return out
}

// Scope is how much of a realm the representations hold.
type Scope int

const (
	Whole   Scope = iota
	Partial       // what one of them does not have at all is not in it, and not compared
)

// leavesOut tells whether a kind is not to be compared.
func (s Scope) leavesOut(kind string, from, to keycloak.Object) bool {
	member := memberOf[kind]
	return s == Partial && member != "" && (!from.Has(member) || !to.Has(member))
}

// things are a realm's contents by kind and name.
type things map[string]map[string]map[string]any

func (t things) merge(other things) map[string]bool {
	out := map[string]bool{}
	for kind := range t {
		out[kind] = true
	}
	for kind := range other {
		out[kind] = true
	}
	return out
}

func (t things) add(kind, name string, o map[string]any) {
	if t[kind] == nil {
		t[kind] = map[string]map[string]any{}
	}
	t[kind][name] = o
}

// kinds are the lists of a realm's representation, the noun of what is in them, and the member that names it.
var kinds = []struct{ member, kind, name string }{
	{"clients", "client", "clientId"},
	{"clientScopes", "client scope", "name"},
	{"identityProviders", "identity provider", "alias"},
	{"identityProviderMappers", "identity provider mapper", "name"},
	{"authenticationFlows", "authentication flow", "alias"},
	{"authenticatorConfig", "authenticator configuration", "alias"},
	{"requiredActions", "required action", "alias"},
	{"users", "user", "username"},
	{"scopeMappings", "scope mapping", ""},
	{"organizations", "organization", "name"},
}

// memberOf is the member of the representation that holds a kind, for kinds that a representation may lack.
var memberOf = map[string]string{"client": "clients", "role": "roles", "group": "groups", "user": "users", "scope mapping": "scopeMappings",
	"client scope mapping": "clientScopeMappings"}

// rank orders kinds as people read them: the realm first, users last.
func rank(kind string) int {
	order := []string{"realm", "client", "client scope", "role", "group", "user"}
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

// contents sorts a representation into things.
func contents(o keycloak.Object) things {
	out := things{}
	settings := map[string]any{}
	for name := range o {
		settings[name] = keycloak.Value[any](o, name)
	}
	for _, k := range kinds {
		for _, item := range objects(settings[k.member]) {
			name, _ := item[k.name].(string)
			if k.member == "identityProviderMappers" {
				alias, _ := item["identityProviderAlias"].(string)
				name = alias + "/" + name
			}
			switch k.kind {
			case "scope mapping":
				name = text(item, "client") + text(item, "clientScope")
			case "user":
				delete(item, "credentials") // two hashes of one password differ
				delete(item, "createdTimestamp")
			}
			out.add(k.kind, name, item)
		}
		delete(settings, k.member)
	}
	out.roles(settings["roles"])
	out.groups(settings["groups"], "")
	out.components(settings["components"])
	out.mappings(settings["clientScopeMappings"])
	for _, name := range []string{"roles", "groups", "components", "clientScopeMappings", "keycloakVersion"} {
		delete(settings, name)
	}
	if attributes, ok := settings["attributes"].(map[string]any); ok {
		delete(attributes, "tokenhouse.export") // says who made the file
	}
	out.add("realm", text(settings, "realm"), settings)
	return out
}

func (t things) roles(v any) {
	roles, _ := v.(map[string]any)
	for _, r := range objects(roles["realm"]) {
		t.add("role", text(r, "name"), r)
	}
	clients, _ := roles["client"].(map[string]any)
	for client, list := range clients {
		for _, r := range objects(list) {
			t.add("role", client+"/"+text(r, "name"), r)
		}
	}
}

// groups names groups by their paths.
func (t things) groups(v any, above string) {
	for _, g := range objects(v) {
		path := above + "/" + text(g, "name")
		t.groups(g["subGroups"], path)
		delete(g, "subGroups")
		t.add("group", path, g)
	}
}

// components names components by their type and name.
func (t things) components(v any) {
	types, _ := v.(map[string]any)
	for kind, list := range types {
		short := kind[strings.LastIndex(kind, ".")+1:]
		for _, c := range objects(list) {
			t.add("component", short+"/"+text(c, "name"), c)
		}
	}
}

func (t things) mappings(v any) {
	clients, _ := v.(map[string]any)
	for client, list := range clients {
		for _, m := range objects(list) {
			t.add("client scope mapping", client+"/"+text(m, "client")+text(m, "clientScope"), m)
		}
	}
}

func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

func text(o map[string]any, name string) string {
	s, _ := o[name].(string)
	return s
}

func compareKind(kind string, from, to map[string]map[string]any) []Change {
	names := map[string]bool{}
	for name := range from {
		names[name] = true
	}
	for name := range to {
		names[name] = true
	}
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, before := from[name]
		is, after := to[name]
		switch {
		case !before:
			out = append(out, Change{kind, name, Added, []Member{}})
		case !after:
			out = append(out, Change{kind, name, Removed, []Member{}})
		default:
			var c comparison
			c.objects("", was, is)
			if len(c.members) > 0 {
				out = append(out, Change{kind, name, Changed, c.members})
			}
		}
	}
	return out
}

// comparison gathers the members that differ.
type comparison struct{ members []Member }

// ids are members that name things for machines, or repeat their names.
var ids = []string{"id", "_id", "containerId", "parentId", "internalId", "flowId", "path"}

// stamps are attributes that say when something was made.
var stamps = []string{"client.secret.creation.time"}

// free tells whether the names of a member's own members are anybody's choice.
func free(path string) bool {
	return strings.HasSuffix(path, "attributes") || strings.HasSuffix(path, "config")
}

func (c *comparison) objects(path string, from, to map[string]any) {
	names := map[string]any{}
	maps.Copy(names, from)
	maps.Copy(names, to)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains(ids, name) && !free(path) || slices.Contains(stamps, name) {
			continue
		}
		below := name
		if path != "" {
			below = path + "." + name
		}
		c.values(below, from[name], to[name])
	}
}

func (c *comparison) values(path string, from, to any) {
	// A mask says nothing of whether secrets differ.
	if isEmpty(from) && isEmpty(to) || from == any(keycloak.SecretMask) || to == any(keycloak.SecretMask) {
		return
	}
	a, objectA := from.(map[string]any)
	b, objectB := to.(map[string]any)
	if objectA && objectB || objectA && to == nil || objectB && from == nil {
		c.objects(path, a, b)
		return
	}
	if byA, byB, ok := named(from, to); ok {
		for _, name := range slices.Sorted(maps.Keys(union(byA, byB))) {
			c.values(path+"["+name+"]", item(byA, name), item(byB, name))
		}
		return
	}
	if same(from, to) {
		return
	}
	c.members = append(c.members, Member{path, shown(path, from), shown(path, to)})
}

// named takes lists whose items all have names apart.
func named(from, to any) (a, b map[string]map[string]any, ok bool) {
	a, okA := byName(from)
	b, okB := byName(to)
	return a, b, okA && okB && len(a)+len(b) > 0
}

func byName(v any) (map[string]map[string]any, bool) {
	list, ok := v.([]any)
	if v == nil {
		return nil, true
	}
	out := map[string]map[string]any{}
	for _, i := range list {
		o, object := i.(map[string]any)
		name := cmp.Or(text(o, "name"), text(o, "alias"))
		if !object || name == "" || out[name] != nil {
			return nil, false
		}
		out[name] = o
	}
	return out, ok
}

func union(a, b map[string]map[string]any) map[string]bool {
	out := map[string]bool{}
	for name := range a {
		out[name] = true
	}
	for name := range b {
		out[name] = true
	}
	return out
}

// item is an object as any, nil where there is none.
func item(of map[string]map[string]any, name string) any {
	if o, ok := of[name]; ok {
		return o
	}
	return nil
}

// isEmpty tells whether a value says no more than its absence: exports leave out what is empty.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// same compares lists of texts as sets.
func same(from, to any) bool {
	a, okA := texts(from)
	b, okB := texts(to)
	if okA && okB {
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(a, b)
	}
	return reflect.DeepEqual(from, to)
}

func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	out := make([]string, 0, len(list))
	for _, i := range list {
		s, text := i.(string)
		if !text {
			return nil, false
		}
		out = append(out, s)
	}
	return out, ok
}

// secrets are the ends of names of members that must not be shown.
var secrets = []string{"secret", "password", "privatekey", "secretdata", "credentials", "token", "bindcredential"}

// shown is a value as it may be shown; nil where there is none.
func shown(path string, v any) json.RawMessage {
	if v == nil {
		return nil
	}
	last := strings.ToLower(path[strings.LastIndexAny(path, ".]")+1:])
	_, flag := v.(bool)
	if !flag && slices.ContainsFunc(secrets, func(s string) bool { return strings.HasSuffix(last, s) }) {
		return Hidden
	}
	data, err := json.Marshal(v)
	if err != nil {
		return Hidden // it was JSON before: it always encodes
	}
	return data
}
