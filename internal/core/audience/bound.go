package audience

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Bound is the authority of the token that another is made from, where the realm enforces that it does not grow
// (tokenhouse.exchange.downscope), or a client policy that its scopes do not.
type Bound struct {
	Scope   string   // claim "scope" of that token
	Clients []string // client_id of each client that it went through; each must be able to carry a role for it to stay; none: roles are not bounded
}

// BoundOf is what bounds a token with these hops behind it: the clients of the hops, and the scopes of the token before
// it, or its own, which are no more. Clients of other issuers carry no roles of the realm: their tokens bound by scope
// alone. Nil where the realm enforces nothing, or nothing is behind the token.
func BoundOf(r *realm.Realm, scope string, path []token.Hop) *Bound {
	if !r.Exchange.Downscope || len(path) == 0 {
		return nil
	}
	b := &Bound{Scope: shown(r, scope)}
	for _, hop := range path {
		if hop.Issuer == "" && !slices.Contains(b.Clients, hop.Client) {
			b.Clients = append(b.Clients, hop.Client)
		}
	}
	return b
}

// shown are those words of a claim "scope" that a subject token can have. Refresh tokens name hidden scopes too, by which
// a client that the token went through could carry roles that its own token did not.
func shown(r *realm.Realm, claim string) string {
	words := strings.Split(claim, " ")
	return strings.Join(slices.DeleteFunc(words, func(word string) bool {
		scope := r.Scope(word)
		return scope != nil && !scope.InToken
	}), " ")
}

// asked are those words of the parameter "scope" that the bound allows. Nil allows all.
func (b *Bound) asked(parameter string, t *explain.Trace) string {
	if b == nil || parameter == "" {
		return parameter
	}
	var kept []string
	for word := range strings.SplitSeq(parameter, " ") {
		if names(b.Scope, word) {
			kept = append(kept, word)
		} else if word != "" {
			t.Add(explain.ExchangeDownscope, explain.Dropped, word, "asked for, and no scope of the subject token")
		}
	}
	return strings.Join(kept, " ")
}

// allows tells whether a default scope may come into play. One that is never shown in a token's scope may always:
// the bound cannot name it.
func (b *Bound) allows(s *realm.ClientScope, t *explain.Trace) bool {
	if b == nil || !s.InToken || names(b.Scope, s.Name) {
		return true
	}
	t.Add(explain.ExchangeDownscope, explain.Dropped, s.Name, "no scope of the subject token")
	return false
}

// bind takes the roles away that a client which the token went through would not give the user today.
func (r *Resolution) bind(w *mapper.Work) {
	if r.Within == nil {
		return
	}
	for _, id := range r.Within.Clients {
		allowed := r.rolesThrough(id)
		w.Roles = slices.DeleteFunc(w.Roles, func(role realm.RoleRef) bool {
			if slices.Contains(allowed, role) {
				return false
			}
			r.Trace.Add(explain.ExchangeDownscope, explain.Dropped, role.String(), "not carried by tokens of "+id)
			return true
		})
	}
}

// rolesThrough are the roles that the user would get in a token of a client today; none where it is gone.
func (r *Resolution) rolesThrough(id string) []realm.RoleRef {
	c := r.Realm.Client(id)
	if c == nil || !c.Enabled {
		return nil
	}
	return Resolve(Request{
		Realm: r.Realm, Issuer: r.Issuer, Client: c, User: r.User, Session: r.Session,
		Scope: r.Within.Scope, Use: mapper.Access,
	}).Roles
}
