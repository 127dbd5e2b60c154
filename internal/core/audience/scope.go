package audience

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// inPlay are the client scopes in play: the client's defaults, and those of its optional ones that the
// parameter names, unless they are for users with roles that this one has not. The scopes are looked up in
// the parameter rather than its words among the scopes: a parameter of 10,000 words costs no more.
func (r *Resolution) inPlay(all *realm.RoleSet) []*realm.ClientScope {
	out := make([]*realm.ClientScope, 0, len(r.Client.DefaultScopes)+4)
	for _, key := range r.Client.DefaultScopes {
		if s := r.scopeFor(key, out); s != nil && r.Within.allows(s, r.Trace) && r.permitted(s, all, explain.ScopeDefault) {
			out = append(out, s)
		}
	}
	for _, key := range r.Client.OptionalScopes {
		s := r.scopeFor(key, out)
		if s == nil {
			continue
		}
		if !names(r.Scope, s.Name) || s.OfOrganizations() {
			r.Trace.Add(explain.ScopeUnasked, explain.Skipped, s.Name, r.Client.ID)
			continue
		}
		if r.permitted(s, all, explain.ScopeOptional) {
			out = append(out, s)
		}
	}
	return out
}

// scopeFor finds a scope that can come into play and is not there yet.
func (r *Resolution) scopeFor(key string, there []*realm.ClientScope) *realm.ClientScope {
	s := r.Realm.ScopeByKey(key)
	if s == nil || !s.OIDC() || slices.Contains(there, s) {
		return nil
	}
	return s
}

// Asked are the client scopes that the parameter "scope" brings into play for a client, as far as that can
// be said without a user: its defaults, and those of its optional ones that are named.
func Asked(in *realm.Realm, c *realm.Client, parameter string) []*realm.ClientScope {
	r := Resolution{Request: Request{Realm: in, Client: c}}
	var out []*realm.ClientScope
	for _, key := range c.DefaultScopes {
		if s := r.scopeFor(key, out); s != nil {
			out = append(out, s)
		}
	}
	for _, key := range c.OptionalScopes {
		if s := r.scopeFor(key, out); s != nil && names(parameter, s.Name) && !s.OfOrganizations() {
			out = append(out, s)
		}
	}
	return out
}

// names tells whether the parameter "scope" names a scope.
func names(parameter, scope string) bool {
	if scope == "" {
		return false
	}
	for from := 0; ; {
		at := strings.Index(parameter[from:], scope)
		if at < 0 {
			return false
		}
		begin, end := from+at, from+at+len(scope)
		if (begin == 0 || parameter[begin-1] == ' ') && (end == len(parameter) || parameter[end] == ' ') {
			return true
		}
		from = end
	}
}

// permitted tells whether the scope is for this user: it maps no role, or one that the user has. Of roles
// of clients only those count whose client is asked for, where audiences are.
func (r *Resolution) permitted(s *realm.ClientScope, all *realm.RoleSet, by explain.Rule) bool {
	if len(s.ScopeMappings) == 0 {
		r.Trace.Add(by, explain.Kept, s.Name, r.Client.ID)
		return true
	}
	var mapped realm.RoleSet
	r.Realm.Expand(&mapped, s.ScopeMappings...)
	held, counts := 0, 0
	for _, role := range mapped.All() {
		if !all.Has(role) {
			continue
		}
		held++
		if r.counts(role) {
			counts++
		}
	}
	switch {
	case counts > 0:
		r.Trace.Add(by, explain.Kept, s.Name, r.Client.ID)
		return true
	case held > 0:
		r.Trace.Add(explain.ScopePermitted, explain.Skipped, s.Name)
	default:
		r.Trace.Add(explain.ScopePermitted, explain.Dropped, s.Name)
	}
	return false
}

// counts tells whether a role can keep its scope in play.
func (r *Resolution) counts(role *realm.Role) bool {
	if role.Client == "" || r.Request.Audiences == nil || r.KeepScopes {
		return true
	}
	c := r.Realm.ClientByKey(role.Client)
	return c != nil && slices.Contains(r.Request.Audiences, c.ID)
}

// mappers are those of the scopes in play and of the client, by stage.
func (r *Resolution) mappers() []Source {
	n := len(r.Client.Mappers)
	for _, s := range r.Scopes {
		n += len(s.Mappers)
	}
	found := make([]Source, 0, n)
	for _, s := range r.Scopes {
		found = appendActing(found, s.Mappers, s)
	}
	found = appendActing(found, r.Client.Mappers, nil)

	sorted := make([]Source, 0, len(found))
	for stage := range mapper.Stage(mapper.Stages) {
		for _, s := range found {
			if s.Kind.Stage == stage {
				sorted = append(sorted, s)
			}
		}
	}
	return sorted
}

// appendActing adds the mappers whose kinds do anything.
func appendActing(out []Source, mappers []realm.Mapper, scope *realm.ClientScope) []Source {
	for i := range mappers {
		m := &mappers[i]
		if k := mapper.KindOf(m); k != nil && k.Acts() {
			out = append(out, Source{Mapper: m, Kind: k, Scope: scope, shapes: k.Shapes(m)})
		}
	}
	return out
}
