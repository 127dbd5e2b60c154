package audience

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Way is one way by which the tokens of a client come to have an audience.
type Way struct {
	Rule   explain.Rule // audience.mapper, audience.role, audience.realm, audience.claim
	Source              // the mapper that writes the audience

	// Scope are the optional scopes that have to be asked for; none where default scopes are enough. Those of
	// mappers that add or rename the role that leads there are not among them.
	Scope []string

	// Roles are those of which the user must have one; none where it matters not who the user is, or, of claim
	// mappers, where it is not known.
	Roles []realm.RoleRef
}

// Ways are the ways to an audience, in the order of the mappers.
func (e *Extent) Ways(name string) []Way {
	var out []Way
	for _, s := range e.shaping() {
		switch {
		case writesAnything(s):
			out = append(out, e.way(s))
		case !slices.Contains(e.written(s), name):
		case s.Kind.Stage == mapper.AudienceOf:
			out = append(out, e.waysByRole(s, name)...)
		default:
			out = append(out, e.way(s))
		}
	}
	return out
}

// way is the way by a mapper whatever the user's roles, but for those that its scope is for.
func (e *Extent) way(s Source) Way {
	w := Way{Rule: ruleOf(s), Source: s, Scope: e.words(s.Scope)}
	if s.Scope != nil && len(s.Scope.ScopeMappings) > 0 {
		var mapped realm.RoleSet
		e.at.Realm.Expand(&mapped, s.Scope.ScopeMappings...)
		for _, role := range mapped.All() {
			if !e.at.closed(role) {
				w.Roles = append(w.Roles, e.at.Realm.Ref(role))
			}
		}
	}
	return w
}

// waysByRole are the ways by a mapper that makes audiences of roles: one for the roles that default scopes let the
// token carry, and one for each optional scope that is needed for others.
func (e *Extent) waysByRole(s Source, name string) []Way {
	owner := name
	if s.Mapper.Kind != mapper.KindResolve { // the realm's own
		owner = ""
	}
	rest := slices.DeleteFunc(slices.Clone(e.roles), func(r realm.RoleRef) bool { return r.Client != owner })
	defaults := slices.DeleteFunc(slices.Clone(e.at.Scopes), func(scope *realm.ClientScope) bool { return len(e.words(scope)) > 0 })
	var out []Way
	add := func(scope *realm.ClientScope, has func(realm.RoleRef) bool) {
		var roles, others []realm.RoleRef
		for _, role := range rest {
			if has(role) {
				roles = append(roles, role)
			} else {
				others = append(others, role)
			}
		}
		if len(roles) > 0 {
			out = append(out, Way{Rule: ruleOf(s), Source: s, Scope: e.words(s.Scope, scope), Roles: roles})
		}
		rest = others
	}
	add(nil, e.carries(defaults))
	for _, scope := range e.at.Scopes {
		if len(rest) > 0 && len(e.words(scope)) > 0 {
			add(scope, e.carries(append(slices.Clip(defaults), scope)))
		}
	}
	if len(rest) > 0 { // mappers give them to everybody
		out = append(out, Way{Rule: ruleOf(s), Source: s, Scope: e.words(s.Scope)})
	}
	return out
}

// carries tells which roles tokens can carry with these scopes in play.
func (e *Extent) carries(scopes []*realm.ClientScope) func(realm.RoleRef) bool {
	may := MayCarry(e.at.Realm, e.at.Client, scopes)
	return func(ref realm.RoleRef) bool {
		role := e.at.Realm.Role(ref)
		return role != nil && may(role)
	}
}

// words are those of scopes that have to be asked for, each once.
func (e *Extent) words(scopes ...*realm.ClientScope) []string {
	var out []string
	for _, s := range scopes {
		if s != nil && !slices.Contains(e.at.Client.DefaultScopes, s.Key) && !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}
