package audience

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Resolve decides where a token may be used: scopes in play → roles that survive → audiences reachable →
// narrowed to those asked for. Scope of the resolution is without the words that a bound took away.
func Resolve(q Request) Resolution {
	r := Resolution{Request: q}
	if q.Explain {
		r.Trace = &explain.Trace{}
	}
	r.Scope = q.Within.asked(q.Scope, r.Trace)
	all := r.rolesOfUser()
	r.Scopes = r.inPlay(all)
	r.Held = r.carried(all)
	r.Mappers = r.mappers()
	r.reach()
	return r
}

// For is the resolution of the same request for another use, as of the ID token beside an access token. The
// filter is for access tokens and introspection: an ID token is for its client, whatever else was asked for.
func (r *Resolution) For(use mapper.Use) Resolution {
	other := *r
	other.Use, other.Roles, other.Audiences, other.Missing, other.Trace = use, nil, nil, nil, nil
	if use != mapper.Access && use != mapper.Lightweight && use != mapper.Introspection {
		other.Request.Audiences = nil
	}
	other.Explain = false
	other.reach()
	return other
}

// reach applies the mappers that shape roles and audience, and narrows what came of it.
func (r *Resolution) reach() {
	w := mapper.Work{
		Realm: r.Realm, Issuer: r.Issuer, Client: r.Client, User: r.User, Session: r.Session, Use: r.Use,
		Roles: r.names(),
	}
	if r.Use == mapper.ID {
		w.Audiences.Add(r.Client.ID) // OpenID Connect Core §2
	}
	n := slices.IndexFunc(r.Mappers, func(s Source) bool { return s.Kind.Stage > mapper.RoleAdd })
	if n < 0 {
		n = len(r.Mappers)
	}
	r.shape(&w, r.Mappers[:n])
	r.bind(&w) // before roles lead to audiences
	r.shape(&w, r.Mappers[n:])
	r.Roles = w.Roles
	r.permit(&w)
	r.narrow(w.Audiences.All())
}

// shape lets the mappers among these that bear on roles and audience do so.
func (r *Resolution) shape(w *mapper.Work, mappers []Source) {
	for _, s := range mappers {
		if s.shapes {
			r.apply(w, s)
		}
	}
}

// apply lets one mapper shape roles and audience.
func (r *Resolution) apply(w *mapper.Work, s Source) {
	if !s.Kind.WritesTo(s.Mapper, r.Use) {
		r.explainSilence(s)
		return
	}
	if r.Trace == nil {
		s.Kind.Apply(w, s.Mapper)
		return
	}
	r.explainWork(w, s)
}

// permit adds the audiences that the request names and the client lists as permitted.
func (r *Resolution) permit(w *mapper.Work) {
	for _, name := range r.Request.Audiences {
		if !slices.Contains(r.Permitted, name) {
			continue
		}
		if c := r.Realm.Client(name); c != nil && !c.Enabled {
			continue
		}
		if w.Audiences.Add(name) {
			r.Trace.Add(explain.AudiencePermitted, explain.Added, name, r.Client.ID)
		}
	}
}

// narrow keeps the audiences that were asked for, and says which of these are missing.
func (r *Resolution) narrow(reachable []string) {
	if r.Request.Audiences == nil {
		r.Audiences = reachable
		return
	}
	kept, missing := Narrow(reachable, r.Request.Audiences)
	r.explainNarrowing(reachable, kept, missing)
	r.Audiences, r.Missing = kept, missing
}

// Narrow splits what was asked for into what is reachable, in the order of reachable, and what is not, in the
// order asked. Neither list is changed, and doubles count once.
func Narrow(reachable, asked []string) (kept, missing []string) {
	var wanted, found mapper.Names
	for _, name := range asked {
		wanted.Add(name)
	}
	for _, name := range reachable {
		if wanted.Has(name) {
			found.Add(name)
		}
	}
	for _, name := range wanted.All() {
		if !found.Has(name) {
			missing = append(missing, name)
		}
	}
	return found.All(), missing
}

// ScopeClaim is the value of claim and member "scope": "openid" where it was asked for, and the names
// of the scopes in play that are shown.
func (r *Resolution) ScopeClaim() string { return r.scope(false) }

// RefreshScope is the claim "scope" of refresh tokens: all scopes in play, shown or not.
func (r *Resolution) RefreshScope() string { return r.scope(true) }

func (r *Resolution) scope(hidden bool) string {
	size := len(oauth.ScopeOpenID)
	for _, s := range r.Scopes {
		size += 1 + len(s.Name)
	}
	var b strings.Builder
	b.Grow(size)
	if names(r.Scope, oauth.ScopeOpenID) {
		b.WriteString(oauth.ScopeOpenID)
	}
	for _, s := range r.Scopes {
		if !s.InToken && !hidden {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Name)
	}
	return b.String()
}
