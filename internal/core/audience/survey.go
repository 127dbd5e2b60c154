package audience

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Survey tells of a realm's clients where their tokens could be used at most. Any role that there is counts as somebody's,
// and every optional scope as asked for. Scopes, roles and mappers are those that Resolve finds; only what takes
// something away is left out, since for some other request it takes nothing.
type Survey struct {
	realm  *realm.Realm
	issuer string
	roles  *realm.RoleSet  // of the realm, and of clients that are enabled
	names  []realm.RoleRef // the same
}

// NewSurvey surveys a realm whose issuer URL is issuer.
func NewSurvey(r *realm.Realm, issuer string) *Survey {
	s := &Survey{realm: r, issuer: issuer, roles: &realm.RoleSet{}}
	all := Resolution{Request: Request{Realm: r}}
	for _, role := range r.Roles() {
		if !all.closed(role) {
			s.roles.Add(role)
		}
	}
	all.Held = s.roles
	s.names = all.names()
	return s
}

// Extent is where a client's access tokens can be used at most.
type Extent struct {
	at Resolution // of a user with every role who asks for every scope

	// Audiences are clients and custom audiences that some token can have, each once.
	Audiences mapper.Names

	roles []realm.RoleRef // that some token can carry; those of a client together
	open  []Source        // claim mappers that write what they find with the user to aud
}

// Of tells where the tokens of a client can be used at most.
func (s *Survey) Of(c *realm.Client) *Extent {
	e := &Extent{at: Resolution{Request: Request{Realm: s.realm, Issuer: s.issuer, Client: c, Scope: s.everyScope(c)}}}
	if c.Tokens.Lightweight {
		e.at.Use = mapper.Lightweight
	}
	e.at.Scopes = e.at.inPlay(s.roles)
	e.at.Held = e.at.carried(s.roles)
	e.at.Mappers = e.at.mappers()
	if e.at.Held == s.roles {
		e.roles = s.names
	} else {
		e.roles = e.at.names()
	}
	for e.growRoles() {
	}
	for _, m := range e.shaping() {
		e.growAudiences(m)
	}
	return e
}

// everyScope is the parameter "scope" that names all that a client may ask for.
func (s *Survey) everyScope(c *realm.Client) string {
	var words []string
	for _, key := range c.OptionalScopes {
		if scope := s.realm.ScopeByKey(key); scope != nil {
			words = append(words, scope.Name)
		}
	}
	return strings.Join(words, " ")
}

// shaping are the mappers that write to access tokens and bear on roles or audience.
func (e *Extent) shaping() []Source {
	return slices.DeleteFunc(slices.Clone(e.at.Mappers), func(s Source) bool {
		return !s.shapes || !s.Kind.WritesTo(s.Mapper, e.at.Use)
	})
}

// growRoles adds what mappers add and rename roles to, and tells whether that was anything: it may be renamed again.
// A role that is renamed stays, since the mapper need not be in play.
func (e *Extent) growRoles() bool {
	before := len(e.roles)
	for _, s := range e.shaping() {
		if s.Kind.Stage != mapper.RoleRename && s.Kind.Stage != mapper.RoleAdd {
			continue
		}
		w := e.work()
		w.Roles = slices.Clone(e.roles)
		if s.Kind.Apply(w, s.Mapper) {
			grown := slices.SortedFunc(slices.Values(slices.Concat(e.roles, w.Roles)), byOwner)
			e.roles = slices.Compact(grown)
		}
	}
	return len(e.roles) > before
}

func byOwner(a, b realm.RoleRef) int {
	return cmp.Or(strings.Compare(a.Client, b.Client), strings.Compare(a.Name, b.Name))
}

// growAudiences adds what a mapper adds to the audience. One that replaces it need not be in play, and takes nothing.
func (e *Extent) growAudiences(s Source) {
	switch {
	case writesAnything(s):
		e.open = append(e.open, s)
	case s.Kind.Stage == mapper.Audience || s.Kind.Stage == mapper.AudienceOf:
		w := e.work()
		w.Roles, w.Audiences = e.roles, e.Audiences
		s.Kind.Apply(w, s.Mapper)
		e.Audiences = w.Audiences
	default:
		for _, name := range e.written(s) {
			e.Audiences.Add(name)
		}
	}
}

// writesAnything tells whether what a mapper writes to aud is not in its settings.
func writesAnything(s Source) bool {
	return (s.Kind.Stage == mapper.Claim || s.Kind.Stage == mapper.RoleClaim) && s.Mapper.Kind != mapper.KindFixed
}

// written are the audiences that one mapper writes.
func (e *Extent) written(s Source) []string {
	if s.Kind.Stage == mapper.RoleRename || s.Kind.Stage == mapper.RoleAdd {
		return nil
	}
	w := e.work()
	w.Roles = e.roles
	s.Kind.Apply(w, s.Mapper)
	return w.Audiences.All()
}

// work is what a mapper finds here.
func (e *Extent) work() *mapper.Work {
	return &mapper.Work{Realm: e.at.Realm, Issuer: e.at.Issuer, Client: e.at.Client, Use: e.at.Use}
}

// Reaches tells whether some token of the client can have the audience. Where a claim mapper writes what it finds
// with the user, every audience can come of it.
func (e *Extent) Reaches(name string) bool { return e.Anything() || e.Audiences.Has(name) }

// Anything tells whether a claim mapper writes to the audience what it finds with the user.
func (e *Extent) Anything() bool { return len(e.open) > 0 }
