package grant_test

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

// This is the model: what is over when something is taken back.

func (g *tree) overIf(is func(*leaf) bool) {
	for _, l := range g.leaves {
		l.over = l.over || is(l)
	}
}

// actedBy tells whether somebody acts by the token in its own realm, of whose token this is true. What becomes of those who
// acted in other realms is not known.
func (l *leaf) actedBy(is func(*leaf) bool) bool {
	return slices.ContainsFunc(l.actors, func(a *leaf) bool { return a.realm == l.realm && is(a) })
}

// overWithAccess: the token, what was exchanged from it, what its user acts by, and, as in Keycloak, the parts that came of any token of its
// client in the session.
func (g *tree) overWithAccess(t *leaf) {
	g.overIf(func(l *leaf) bool {
		return l == t || slices.Contains(l.path, t) || l.actedBy(func(a *leaf) bool { return a == t })
	})
	g.overWithPartsFrom(t.part())
}

// overWithRefresh: all that the client held in the session, what came of it, and the session with its last part.
func (g *tree) overWithRefresh(t *leaf) {
	g.overWithPart(t.part())
	g.overWithPartsFrom(t.part())
	for p := range g.parts {
		if p.session == t.session {
			return
		}
	}
	g.overWithSession(t.session)
}

// overWithPart: all that the client held in the session, what was exchanged from that, and what is acted with by that.
func (g *tree) overWithPart(p part) {
	delete(g.parts, p)
	g.overIf(func(l *leaf) bool {
		return l.session == p.session && l.through(p.client) || l.actedBy(func(a *leaf) bool { return a.part() == p })
	})
}

// overWithPartsFrom: the parts that came of a client's tokens, and the tokens that live by them.
func (g *tree) overWithPartsFrom(source part) {
	for p, sources := range g.parts {
		if p.session == source.session && source.session.ID != "" && sources[source.client] {
			delete(g.parts, p)
			g.overIf(func(l *leaf) bool { return l.needs && l.part() == p })
		}
	}
}

// overWithSession: the session's tokens, and what is acted with by one of them. What was taken to another realm is in a
// session of that.
func (g *tree) overWithSession(s session.Query) {
	g.overIf(func(l *leaf) bool {
		return l.session == s || l.actedBy(func(a *leaf) bool { return a.session == s })
	})
	for p := range g.parts {
		if p.session == s {
			delete(g.parts, p)
		}
	}
}

// overWithClient: what went through the client, in whichever realm it is by now, and what its service account has or acts by.
func (g *tree) overWithClient(in, id string) {
	is := func(l *leaf) bool { return l.realm == in && (l.client == id || l.user == serviceOf+id) }
	g.overIf(func(l *leaf) bool { return is(l) || slices.ContainsFunc(l.path, is) || l.actedBy(is) })
}

// overWithUser: what speaks of the user, in that realm.
func (g *tree) overWithUser(in, name string) {
	is := func(l *leaf) bool { return l.realm == in && l.user == name }
	g.overIf(func(l *leaf) bool { return is(l) || l.actedBy(is) })
}
