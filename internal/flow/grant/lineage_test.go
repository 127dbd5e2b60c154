package grant_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// The clients of the trees that TestLineage draws: who signs people in, who exchanges, and who only looks at tokens,
// at the end.
var (
	signers    = []string{"spa", "app", "gateway", "refresher"}
	exchangers = []string{"gateway", "refresher", "second"}
)

const onlooker = "outsider"

// TestLineage draws trees of tokens, takes something back, and sees that exactly its lineage is over: a model, which is
// the methods of tree named over…, says what that is.
func TestLineage(t *testing.T) {
	w := newForest(t)
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
}

// forest is the shop, where each of the exchangers is in the audience of every token.
type forest struct {
	*world
	inspector            *inspect.Inspector
	revoker              *revoke.Revoker
	dead, alive, deepest int // of tokens looked at
}

func newForest(t *testing.T) *forest {
	w := newWorld(t)
	w.settings(func(s *realm.Settings) { s.Exchange.ChainLimit, s.Exchange.RefuseCycles = -1, false })
	w.edit(func(d *realm.Draft) {
		r := d.Realm()
		second := *r.Client("refresher")
		second.Key, second.ID, second.Secret = "second", "second", "second-secret"
		d.PutClient(&second)
		callers := *r.Scope("callers")
		callers.Mappers = slices.Clone(callers.Mappers[:1])
		callers.Mappers[0].Config = map[string]string{
			"included.client.audience": strings.Join(append(slices.Clone(exchangers), onlooker), "##"), "access.token.claim": "true",
		}
		d.PutScope(&callers)
		for _, id := range slices.Concat(signers, exchangers) {
			c := *d.Realm().Client(id)
			c.DefaultScopes = append(slices.Clone(c.DefaultScopes), callers.Key)
			d.PutClient(&c)
		}
		looks := *r.Client(onlooker)
		looks.Tokens.IntrospectAnyone = true
		d.PutClient(&looks)
	})
	verifier := verify.New(verify.Deps{Keys: w.keys, Users: w.store, Sessions: w.store, Marks: w.store})
	return &forest{
		world:     w,
		inspector: &inspect.Inspector{Realms: w.store, Verifier: verifier, Keys: w.keys, Events: w, Now: w.clock, NewID: w.newID},
		revoker: &revoke.Revoker{Realms: w.store, Verifier: verifier, Sessions: w.store, Marks: w.store, Herald: untold{},
			Events: w, Now: w.clock, NewID: w.newID},
	}
}

// untold has no client that wants to be told of a logout.
type untold struct{}

func (untold) Due(context.Context, *realm.Realm, session.Query) ([]session.Notice, error) {
	return nil, nil
}
func (untold) Tell(context.Context, verify.At, []session.Notice) {}

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
	client, user string
	session      session.Query // zero: none
	path         []*leaf       // what it was exchanged from, oldest first
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

// through tells whether a client issued, or exchanged, what the token came of.
func (l *leaf) through(client string) bool {
	return l.client == client || slices.ContainsFunc(l.path, func(b *leaf) bool { return b.client == client })
}

// grow makes so many tokens more.
func (g *tree) grow(n int) {
	for range n {
		g.later(time.Duration(rapid.IntRange(0, 2).Draw(g.T, "seconds")) * time.Second)
		switch rapid.IntRange(0, 11).Draw(g.T, "grows") {
		case 0:
			g.signIn()
		case 1:
			g.serve()
		case 2, 3:
			g.refresh()
		default:
			g.exchange()
		}
	}
}

func (g *tree) signIn() {
	at, who := rapid.SampledFrom(signers).Draw(g.T, "client"), rapid.SampledFrom([]string{"alice", "bob"}).Draw(g.T, "user")
	scope := ""
	if at != "app" && who == "alice" && rapid.IntRange(0, 3).Draw(g.T, "offline") == 0 {
		scope = oauth.ScopeOffline
	}
	resp, err := g.Password(g.t.Context(), grant.PasswordRequest{Call: maybeScoped(as(at), scope), Username: &who, Password: who})
	if g.refused(err, at, who) {
		return
	}
	g.put(resp, leaf{name: who + " at " + at, client: at, user: who, needs: true})
}

// serve gives a client a token for itself: gateway with no session behind it, refresher with one.
func (g *tree) serve() {
	at := rapid.SampledFrom([]string{"gateway", "refresher"}).Draw(g.T, "serves")
	resp, err := g.ClientCredentials(g.t.Context(), grant.ClientCredentialsRequest{Call: as(at)})
	if g.refused(err, at) {
		return
	}
	g.put(resp, leaf{name: at, client: at, user: serviceOf + at, needs: resp.RefreshToken != ""})
}

const serviceOf = "service-account-"

func (g *tree) refresh() {
	old := g.one("refresh token", func(l *leaf) bool { return l.refreshes })
	if old == nil {
		return
	}
	resp, err := g.Refresh(g.t.Context(), grant.RefreshRequest{Call: as(old.client), RefreshToken: &old.compact})
	if err != nil {
		g.Fatalf("refresh %s: %v", old.name, err)
	}
	g.put(resp, leaf{name: old.name + "'", client: old.client, user: old.user, path: old.path, needs: true})
}

func (g *tree) exchange() {
	subject := g.one("subject", func(l *leaf) bool { return !l.refreshes })
	if subject == nil {
		return
	}
	at := rapid.SampledFrom(exchangers).Draw(g.T, "requester")
	q := swap(at, subject.compact)
	online := subject.session.ID != "" && !subject.session.Offline
	// A refresh token takes a part in a session, and none is made for who shows a token that has none itself.
	if at != "gateway" && online && subject.needs && rapid.Bool().Draw(g.T, "wants a refresh token") {
		q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
	}
	resp, err := g.Exchange(g.t.Context(), q)
	if g.refused(err, at) {
		return
	}
	// A requester with a part in the session goes on with it, one that got a refresh token has one now.
	holds := part{subject.session, at}
	sources, has := g.parts[holds]
	if needs := online && (has || resp.RefreshToken != ""); needs {
		if !has {
			sources = from{}
			g.parts[holds] = sources
		}
		sources[subject.client] = true
		if subject.needs {
			for client := range g.parts[subject.part()] {
				sources[client] = true
			}
		}
		g.put(resp, leaf{name: subject.name + ">" + at, client: at, user: subject.user, path: append(slices.Clone(subject.path), subject), needs: true})
		return
	}
	g.put(resp, leaf{name: subject.name + ">" + at, client: at, user: subject.user, path: append(slices.Clone(subject.path), subject)})
}

// refused tells whether a grant was refused, which it may be for what is switched off only.
func (g *tree) refused(err error, of ...string) bool {
	if err == nil {
		return false
	}
	if !slices.ContainsFunc(of, g.off) {
		g.Fatalf("refused for %v: %v", of, err)
	}
	return true
}

// off tells whether a client or a user is switched off.
func (g *tree) off(name string) bool {
	if c := g.realm().Client(name); c != nil {
		return !c.Enabled
	}
	u, err := g.store.UserByName(g.t.Context(), g.realm().Key, name)
	if err != nil {
		g.Fatal(err)
	}
	return !u.Enabled
}

// put puts what was given out into the tree.
func (g *tree) put(resp *grant.Response, l leaf) {
	read := g.read(resp.AccessToken)
	if read.Session != "" {
		kind := read.Origin.Session
		l.session = session.Query{ID: read.Session, Offline: kind == token.Offline || kind == token.OfflineTransient}
	}
	if want, got := len(l.path), len(read.Path); want != got {
		g.Fatalf("%s has a path of %d hops, %d are behind it", l.name, got, want)
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
	ctx, r := g.t.Context(), g.realm()
	defer g.later(3 * time.Second)
	with := func(l *leaf) revoke.Call {
		return revoke.Call{Realm: "shop", Base: base, Address: "192.0.2.1", Credentials: as(l.client).Credentials}
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
			err = g.store.DropGrant(ctx, r.Key, l.session.ID, r.Client(l.client).Key, l.session.Offline, g.clock())
			g.overWithPart(l.part())
		}
	case "session":
		if l := g.one(what, func(l *leaf) bool { return l.refreshes }); l != nil {
			err = g.revoker.Logout(ctx, revoke.LogoutRequest{Call: with(l), RefreshToken: l.compact})
			g.overWithSession(l.session)
		}
	case "client":
		id := rapid.SampledFrom(slices.Concat(signers, exchangers)).Draw(g.T, what)
		g.client(id, func(c *realm.Client) { c.Enabled = false })
		g.overIf(func(l *leaf) bool { return l.through(id) || l.user == serviceOf+id })
	case "user":
		name := rapid.SampledFrom([]string{"alice", "bob"}).Draw(g.T, what)
		g.user(name, func(u *user.User) { u.Enabled = false })
		g.overIf(func(l *leaf) bool { return l.user == name })
	}
	if err != nil {
		g.Fatalf("take back a %s: %v", what, err)
	}
}

func (g *tree) overIf(is func(*leaf) bool) {
	for _, l := range g.leaves {
		l.over = l.over || is(l)
	}
}

// overWithAccess: the token, what was exchanged from it, and, as in Keycloak, the parts that came of any token of its
// client in the session.
func (g *tree) overWithAccess(t *leaf) {
	g.overIf(func(l *leaf) bool { return l == t || slices.Contains(l.path, t) })
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

// overWithPart: all that the client held in the session, and what was exchanged from that.
func (g *tree) overWithPart(p part) {
	delete(g.parts, p)
	g.overIf(func(l *leaf) bool { return l.session == p.session && l.through(p.client) })
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

func (g *tree) overWithSession(s session.Query) {
	g.overIf(func(l *leaf) bool { return l.session == s })
	for p := range g.parts {
		if p.session == s {
			delete(g.parts, p)
		}
	}
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
		Realm: "shop", Base: base, Address: "192.0.2.1", Credentials: as(onlooker).Credentials, Token: &l.compact,
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
			_, err = g.Refresh(g.t.Context(), grant.RefreshRequest{Call: as(l.client), RefreshToken: &l.compact})
		} else {
			_, err = g.Exchange(g.t.Context(), swap(onlooker, l.compact))
		}
		if told := new(oauth.Error); err != nil && !errors.As(err, &told) {
			g.Fatal(err)
		}
		if l.over != (err != nil) {
			g.Fatalf("%s is over: %t, and its use says: %v", l.name, l.over, err)
		}
	}
}

// fell switches on what was switched off, for the next tree.
func (g *tree) fell() {
	g.edit(func(d *realm.Draft) {
		for _, id := range slices.Concat(signers, exchangers) {
			c := *d.Realm().Client(id)
			c.Enabled = true
			d.PutClient(&c)
		}
	})
	for _, name := range []string{"alice", "bob"} {
		g.user(name, func(u *user.User) { u.Enabled = true })
	}
	g.events = []event.Event{}
}
