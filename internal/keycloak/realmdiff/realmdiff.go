// Package realmdiff tells what differs between two representations of a realm, as exports have them.
//
// Things are the same by what people call them: a client by its clientId, a group by its path. Ids, and the order
// of lists of texts, which are sets, do not count. It is pure, and secrets never come out of it.
package realmdiff

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

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
