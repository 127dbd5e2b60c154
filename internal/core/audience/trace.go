package audience

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// explainHeld records the roles that the token may carry.
func (r *Resolution) explainHeld(held *realm.RoleSet) {
	if r.Trace == nil {
		return
	}
	for _, role := range held.All() {
		r.Trace.Add(explain.RoleResolved, explain.Kept, r.Realm.Ref(role).String())
	}
}

// explainUnmapped records a role that the client may not carry.
func (r *Resolution) explainUnmapped(role *realm.Role) {
	if r.Trace != nil {
		r.Trace.Add(explain.RoleMapping, explain.Dropped, r.Realm.Ref(role).String(), r.Client.ID)
	}
}

// ruleOf is the rule that mappers of a kind are explained by.
func ruleOf(s Source) explain.Rule {
	switch {
	case s.Kind.Stage == mapper.RoleAdd || s.Kind.Stage == mapper.RoleRename:
		return explain.RoleMapper
	case s.Mapper.Kind == mapper.KindAudience:
		return explain.AudienceMapper
	case s.Mapper.Kind == mapper.KindResolve:
		return explain.AudienceRole
	case s.Kind.Stage == mapper.AudienceOf:
		return explain.AudienceRealm
	}
	return explain.AudienceClaim
}

// explainSilence records that a mapper has nothing to say about this token.
func (r *Resolution) explainSilence(s Source) {
	if r.Trace != nil {
		r.Trace.Add(ruleOf(s), explain.Skipped, s.Subject(), s.Name, s.From())
	}
}

// explainWork lets a mapper shape roles and audience, and records what it did.
func (r *Resolution) explainWork(w *mapper.Work, s Source) {
	audiences, roles := slices.Clone(w.Audiences.All()), slices.Clone(w.Roles)
	wrote := s.Kind.Apply(w, s.Mapper)
	rule := ruleOf(s)
	for _, role := range w.Roles {
		if !slices.Contains(roles, role) {
			r.Trace.Add(rule, explain.Added, role.String(), s.Name, s.From())
		}
	}
	for _, role := range roles {
		if !slices.Contains(w.Roles, role) {
			r.Trace.Add(rule, explain.Dropped, role.String(), s.Name, s.From())
		}
	}
	for _, name := range w.Audiences.All() {
		if !slices.Contains(audiences, name) {
			args := [2]string{s.Name, s.From()}
			if rule == explain.AudienceRole {
				args = [2]string{w.RolesOf(name)[0].Name, s.Name}
			}
			r.Trace.Add(rule, explain.Added, name, args[:]...)
		}
	}
	for _, name := range audiences {
		if !w.Audiences.Has(name) {
			r.Trace.Add(rule, explain.Dropped, name, s.Name, s.From())
		}
	}
	if rule == explain.AudienceRealm && !wrote {
		r.Trace.Add(rule, explain.None, r.Issuer)
	}
	if rule == explain.AudienceMapper {
		r.explainClosed(s)
	}
}

// explainClosed records the clients that an Audience mapper names and that are no audience.
func (r *Resolution) explainClosed(s Source) {
	for id := range mapper.IncludedClients(s.Mapper) {
		switch c := r.Realm.Client(id); {
		case c == nil:
			r.Trace.Add(explain.AudienceClient, explain.None, id, s.Name, s.From())
		case !c.Enabled:
			r.Trace.Add(explain.AudienceClient, explain.Dropped, id, s.Name, s.From())
		}
	}
}

// explainNarrowing records what the filter did, and for what is missing, what would have led there.
func (r *Resolution) explainNarrowing(reachable, kept, missing []string) {
	if r.Trace == nil {
		return
	}
	for _, name := range reachable {
		if !slices.Contains(kept, name) {
			r.Trace.Add(explain.AudienceFilter, explain.Dropped, name)
		}
	}
	for _, name := range kept {
		r.Trace.Add(explain.AudienceRequested, explain.Allowed, name)
	}
	for i, name := range missing {
		if i < mostExplained {
			r.Trace.Join(r.Why(name))
		}
		r.Trace.Add(explain.AudienceRequested, explain.Denied, name)
	}
}

// mostExplained is of how many missing audiences the trace says why: the request says how many there are.
const mostExplained = 20

// Why says what was looked for and not found of an audience that the token has not.
func (r *Resolution) Why(missing string) *explain.Trace {
	t := &explain.Trace{}
	named, resolves := false, false
	for _, s := range r.Mappers {
		switch {
		case s.Mapper.Kind == mapper.KindResolve:
			resolves = resolves || s.Kind.WritesTo(s.Mapper, r.Use)
		case s.Mapper.Kind == mapper.KindAudience && mapper.Includes(s.Mapper, missing):
			named = true // and said why it is not there when it was applied
		}
	}
	c := r.Realm.Client(missing)
	if c != nil && !c.Enabled {
		t.Add(explain.AudienceClient, explain.Dropped, missing)
	}
	if !named {
		t.Add(explain.AudienceMapper, explain.None, missing)
	}
	if c == nil {
		return t
	}
	if !slices.ContainsFunc(r.Roles, func(role realm.RoleRef) bool { return role.Client == missing }) {
		t.Add(explain.RoleResolved, explain.None, missing+"/*")
	} else if !resolves {
		t.Add(explain.AudienceRole, explain.None, missing)
	} else if c == r.Client {
		t.Add(explain.AudienceRole, explain.Dropped, missing)
	}
	return t
}
