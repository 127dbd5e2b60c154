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

// rests tells whether this is true of the token, of one that it was exchanged from, in whichever realm, or of one by which
// somebody acts with it.
func (l *leaf) rests(on func(*leaf) bool) bool {
	return on(l) || slices.ContainsFunc(l.path, on) || slices.ContainsFunc(l.actors, on)
}

// overWithAccess: the token, what was exchanged from it or is acted with by it, and, as in Keycloak, the parts that came
// of any token of its client in the session.
func (g *tree) overWithAccess(t *leaf) {
	g.overIf(func(l *leaf) bool { return l.rests(func(b *leaf) bool { return b == t }) })
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
	g.overIf(func(l *leaf) bool { return l.rests(func(b *leaf) bool { return b.part() == p }) })
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

// overWithSession: the session's tokens, what was taken from them to another realm, and what is acted with by one of them.
func (g *tree) overWithSession(s session.Query) {
	g.overIf(func(l *leaf) bool { return l.rests(func(b *leaf) bool { return b.session == s }) })
	for p := range g.parts {
		if p.session == s {
			delete(g.parts, p)
		}
	}
}

// overWithClient: what went through the client, or is acted with by it, and what its service account has.
func (g *tree) overWithClient(in, id string) {
	is := func(l *leaf) bool { return l.realm == in && (l.client == id || l.user == serviceOf+id) }
	g.overIf(func(l *leaf) bool { return l.rests(is) })
}

// overWithUser: what speaks of the user, or came of what does in that realm.
func (g *tree) overWithUser(in, name string) {
	g.overIf(func(l *leaf) bool { return l.rests(func(b *leaf) bool { return b.realm == in && b.user == name }) })
}
