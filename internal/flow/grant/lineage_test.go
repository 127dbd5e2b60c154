package grant_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestLineage draws trees of tokens in two realms, takes something back, and sees that exactly its lineage is over: a
// model, which is the methods of tree named over…, says what that is.
func TestLineage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newForest(t, st)
		rapid.Check(t, func(t *rapid.T) {
			g := &tree{T: t, forest: w, parts: map[part]from{}}
			defer g.fell()
			g.signIn()
			g.grow(rapid.IntRange(2, 14).Draw(t, "tokens"))
			for range rapid.IntRange(1, 5).Draw(t, "rounds") {
				g.takeBack()
				g.compare()
				g.grow(2)
			}
			g.compareUses()
		})
		if w.dead == 0 || w.alive == 0 || w.deepest < 4 {
			t.Errorf("drawn were %d tokens that are over, %d that are not, and no chain longer than %d", w.dead, w.alive, w.deepest)
		}
		for _, what := range []string{"acted", "for resources", "abroad"} {
			if w.seen[what] == 0 {
				t.Errorf("drawn was no token that is %s: %v", what, w.seen)
			}
		}
	})
}

// tree is tokens, and what the model knows of them.
type tree struct {
	*rapid.T
	*forest
	leaves []*leaf
	parts  map[part]from // that stand
}

// leaf is a token.
type leaf struct {
	name         string
	compact      string
	refreshes    bool
	realm        string
	client, user string
	session      session.Query // zero: none
	path         []*leaf       // what it was exchanged from, oldest first
	actors       []*leaf       // the tokens by which somebody acts by it
	only         []string      // the audiences that a resource narrowed it to; nil: all
	needs        bool          // its client's part in the session
	over         bool          // says the model
}

// part is what a client holds in a session.
type part struct {
	session session.Query
	client  string
}

// from are the clients whose tokens a part came of by exchange.
type from map[string]bool

func (l *leaf) part() part { return part{l.session, l.client} }

// isFor tells whether a client may use the token as a subject.
func (l *leaf) isFor(client string) bool {
	return l.client == client || l.only == nil || slices.Contains(l.only, client)
}

// put puts what was given out into the tree.
func (g *tree) put(resp *grant.Response, l leaf) {
	read, err := g.keys.Verify(g.in(l.realm), resp.AccessToken)
	if err != nil {
		g.Fatal(err)
	}
	read.Origin, _ = token.ParseID(read.ID)
	if read.Session != "" {
		kind := read.Origin.Session
		l.session = session.Query{ID: read.Session, Offline: kind == token.Offline || kind == token.OfflineTransient}
	}
	if want, got := len(l.path), len(read.Path); want != got {
		g.Fatalf("%s has a path of %d hops, %d are behind it", l.name, got, want)
	}
	if l.only != nil && !cmp.Equal(inOrder(l.only), inOrder(read.Audience)) {
		g.Fatalf("%s is for %v, and its audience is %v", l.name, l.only, read.Audience)
	}
	g.deepest = max(g.deepest, len(l.path))
	if l.needs && g.parts[l.part()] == nil {
		g.parts[l.part()] = from{}
	}
	l.compact = resp.AccessToken
	l.name = fmt.Sprintf("%d %s", len(g.leaves), l.name)
	g.leaves = append(g.leaves, &l)
	if resp.RefreshToken != "" {
		beside := l
		beside.compact, beside.refreshes, beside.name = resp.RefreshToken, true, l.name+" (refresh)"
		g.leaves = append(g.leaves, &beside)
	}
}

// one draws one of the tokens that are good; nil where there is none.
func (g *tree) one(label string, fits func(*leaf) bool) *leaf {
	var all []*leaf
	for _, l := range g.leaves {
		if !l.over && fits(l) {
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(g.T, label)]
}

// takeBack takes something back, here and in the model. What is granted later is granted some seconds later: tokens
// tell time in whole seconds.
func (g *tree) takeBack() {
	ctx := g.t.Context()
	defer g.later(3 * time.Second)
	with := func(l *leaf) revoke.Call {
		return revoke.Call{Realm: l.realm, Base: base, Address: "192.0.2.1", Credentials: as(l.client).Credentials}
	}
	what := rapid.SampledFrom([]string{"access token", "access token", "refresh token", "refresh token", "part", "session", "client", "user"}).Draw(g.T, "taken back")
	var err error
	switch what {
	case "access token":
		if l := g.one(what, func(l *leaf) bool { return !l.refreshes }); l != nil {
			err = g.revoker.Revoke(ctx, revoke.Request{Call: with(l), Token: &l.compact})
			g.overWithAccess(l)
		}
	case "refresh token":
		if l := g.one(what, func(l *leaf) bool { return l.refreshes }); l != nil {
			err = g.revoker.Revoke(ctx, revoke.Request{Call: with(l), Token: &l.compact})
			g.overWithRefresh(l)
		}
	case "part": // as a consent that is withdrawn
		if l := g.one(what, func(l *leaf) bool { return l.needs }); l != nil {
			r := g.in(l.realm)
			err = g.store.DropGrant(ctx, r.Key, l.session.ID, r.Client(l.client).Key, l.session.Offline, g.clock())
			g.overWithPart(l.part())
		}
	case "session":
		if l := g.one(what, func(l *leaf) bool { return l.refreshes }); l != nil {
			err = g.revoker.Logout(ctx, revoke.LogoutRequest{Call: with(l), RefreshToken: l.compact})
			g.overWithSession(l.session)
		}
	case "client":
		in, id := g.anyRealm(), rapid.SampledFrom(slices.Concat(signers, exchangers)).Draw(g.T, what)
		g.switchClient(in, id, false)
		g.overWithClient(in, id)
	case "user":
		in, name := g.anyRealm(), rapid.SampledFrom([]string{"alice", "bob"}).Draw(g.T, what)
		g.userIn(in, name, func(u *user.User) { u.Enabled = false })
		g.overWithUser(in, name)
	}
	if err != nil {
		g.Fatalf("take back a %s: %v", what, err)
	}
}

func (g *tree) switchClient(in, id string, on bool) {
	g.editIn(in, func(d *realm.Draft) {
		c := *d.Realm().Client(id)
		c.Enabled = on
		d.PutClient(&c)
	})
}

// compare sees that introspection and the model agree on every token.
func (g *tree) compare() {
	want, got := map[string]bool{}, map[string]bool{}
	for _, l := range g.leaves {
		want[l.name], got[l.name] = !l.over, g.isActive(l)
		if l.over {
			g.dead++
		} else {
			g.alive++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		g.Fatalf("what is active (-model +introspection):\n%s", diff)
	}
}

func (g *tree) isActive(l *leaf) bool {
	answer, err := g.inspector.Introspect(g.t.Context(), inspect.IntrospectRequest{
		Realm: l.realm, Base: base, Address: "192.0.2.1", Credentials: as(onlooker).Credentials, Token: &l.compact,
	})
	if err != nil {
		g.Fatal(err)
	}
	return answer.Other.Get("active") == true
}

// compareUses sees that what is over for introspection is over as a subject and on refresh, and nothing else.
func (g *tree) compareUses() {
	for _, l := range g.leaves {
		var err error
		if l.refreshes {
			_, err = g.Refresh(g.t.Context(), grant.RefreshRequest{Call: asIn(l.realm, l.client), RefreshToken: &l.compact})
		} else {
			q := swap(onlooker, l.compact)
			q.Realm = l.realm
			_, err = g.Exchange(g.t.Context(), q)
		}
		if told := new(oauth.Error); err != nil && !errors.As(err, &told) {
			g.Fatal(err)
		}
		if l.refreshes && slices.ContainsFunc(l.only, func(id string) bool { return g.off(l.realm, id) }) {
			continue // it is not over, and there is nothing for it to be for
		}
		if l.over != (err != nil) {
			g.Fatalf("%s is over: %t, and its use says: %v", l.name, l.over, err)
		}
	}
}

// fell switches on what was switched off, for the next tree.
func (g *tree) fell() {
	for _, in := range neighbours {
		r := g.in(in)
		for _, id := range slices.Compact(inOrder(slices.Concat(signers, exchangers))) {
			if !r.Client(id).Enabled {
				g.switchClient(in, id, true)
			}
		}
		for _, name := range []string{"alice", "bob"} {
			g.userIn(in, name, func(u *user.User) { u.Enabled = true })
		}
	}
	g.events = []event.Event{}
}

func inOrder(names []string) []string { return slices.Sorted(slices.Values(names)) }
