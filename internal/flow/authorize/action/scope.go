package action

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// inPlay are the client scopes of a request: those that the client always has, and those asked for, each once.
func inPlay(t *authorize.Turn) []*realm.ClientScope {
	r := t.Realm()
	asked, _ := r.ScopesOf(t.Client, t.Attempt.Request.Scope)
	var out []*realm.ClientScope
	for _, key := range slices.Concat(t.Client.DefaultScopes, asked) {
		if s := r.ScopeByKey(key); s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// scopeNames are their names.
func scopeNames(t *authorize.Turn) []string {
	var names []string
	for _, s := range inPlay(t) {
		names = append(names, s.Name)
	}
	return names
}
