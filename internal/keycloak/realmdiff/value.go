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
