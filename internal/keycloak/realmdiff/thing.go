package realmdiff

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

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
