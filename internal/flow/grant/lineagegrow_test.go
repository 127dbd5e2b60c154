package grant_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

// grow makes so many tokens more.
func (g *tree) grow(n int) {
	for range n {
		g.later(time.Duration(rapid.IntRange(0, 2).Draw(g.T, "seconds")) * time.Second)
		switch rapid.IntRange(0, 12).Draw(g.T, "grows") {
		case 0:
			g.signIn()
		case 1:
			g.serve()
		case 2, 3:
			g.refresh()
		case 4:
			g.cross()
		default:
			g.exchange()
		}
	}
}

func (g *tree) anyRealm() string { return rapid.SampledFrom(neighbours).Draw(g.T, "realm") }

func (g *tree) signIn() {
	in, at, who := g.anyRealm(), rapid.SampledFrom(signers).Draw(g.T, "client"), rapid.SampledFrom([]string{"alice", "bob"}).Draw(g.T, "user")
	scope := ""
	if at != "app" && who == "alice" && rapid.IntRange(0, 3).Draw(g.T, "offline") == 0 {
		scope = oauth.ScopeOffline
	}
	resp, err := g.Password(g.t.Context(), grant.PasswordRequest{Call: maybeScoped(asIn(in, at), scope), Username: &who, Password: who})
	if g.refused(err, in, at, who) {
		return
	}
	g.put(resp, leaf{name: who + " at " + at, realm: in, client: at, user: who, needs: true})
}

// serve gives a client a token for itself: gateway with no session behind it, refresher with one.
func (g *tree) serve() {
	in, at := g.anyRealm(), rapid.SampledFrom([]string{"gateway", "refresher"}).Draw(g.T, "serves")
	resp, err := g.ClientCredentials(g.t.Context(), grant.ClientCredentialsRequest{Call: asIn(in, at)})
	if g.refused(err, in, at) {
		return
	}
	g.put(resp, leaf{name: at, realm: in, client: at, user: serviceOf + at, needs: resp.RefreshToken != ""})
}

const serviceOf = "service-account-"

func (g *tree) refresh() {
	old := g.one("refresh token", func(l *leaf) bool { return l.refreshes })
	if old == nil {
		return
	}
	resp, err := g.Refresh(g.t.Context(), grant.RefreshRequest{Call: asIn(old.realm, old.client), RefreshToken: &old.compact})
	if g.refused(err, old.realm, old.only...) {
		return
	}
	next := *old
	next.name, next.refreshes, next.needs = old.name+"'", false, true
	g.put(resp, next)
}

func (g *tree) exchange() {
	at := rapid.SampledFrom(exchangers).Draw(g.T, "requester")
	subject := g.one("subject", func(l *leaf) bool { return !l.refreshes && l.isFor(at) })
	if subject == nil {
		return
	}
	q := swap(at, subject.compact)
	q.Realm = subject.realm
	online := subject.session.ID != "" && !subject.session.Offline
	// A refresh token takes a part in a session, and none is made for who shows a token that has none itself.
	if at != "gateway" && online && subject.needs && rapid.Bool().Draw(g.T, "wants a refresh token") {
		q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
	}
	next := leaf{name: subject.name + ">" + at, realm: subject.realm, client: at, user: subject.user,
		path: append(slices.Clone(subject.path), subject), actors: subject.actors}
	g.narrow(&q, &next, subject)
	g.act(&q, &next, subject)
	resp, err := g.Exchange(g.t.Context(), q)
	if g.refused(err, subject.realm, append(slices.Clone(next.only), at)...) {
		return
	}
	// A requester with a part in the session goes on with it, one that got a refresh token has one now.
	holds := part{subject.session, at}
	sources, has := g.parts[holds]
	if next.needs = online && (has || resp.RefreshToken != ""); next.needs {
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
	}
	g.put(resp, next)
}

// narrow asks for two resources, of which one is the onlooker. A client that exchanges its own narrowed token stays within.
func (g *tree) narrow(q *grant.ExchangeRequest, next, subject *leaf) {
	switch {
	case subject.client == next.client && subject.only != nil:
		next.only = subject.only
	case rapid.IntRange(0, 4).Draw(g.T, "for resources") == 0:
		next.only = []string{rapid.SampledFrom(exchangers).Draw(g.T, "resource"), onlooker}
		for _, id := range next.only {
			q.Resources = append(q.Resources, "urn:client:"+id)
		}
	}
	if next.only != nil {
		g.seen["for resources"]++
	}
}

// act has the requester act by a token of its own.
func (g *tree) act(q *grant.ExchangeRequest, next, subject *leaf) {
	if rapid.IntRange(0, 3).Draw(g.T, "acts") > 0 {
		return
	}
	by := g.one("actor", func(l *leaf) bool {
		return !l.refreshes && l.realm == next.realm && l.client == next.client && l.user == serviceOf+next.client && l.user != subject.user &&
			len(l.path) == 0
	})
	if by != nil {
		q.ActorToken, q.ActorTokenType = &by.compact, ptr(string(oauth.TypeAccessToken))
		next.actors = append(slices.Clone(subject.actors), by)
		g.seen["acted"]++
	}
}

// cross exchanges a token of one realm in the other, where a session begins with it.
func (g *tree) cross() {
	subject := g.one("goes abroad", func(l *leaf) bool { return !l.refreshes && !strings.HasPrefix(l.user, serviceOf) })
	if subject == nil {
		return
	}
	there := neighbours[1-slices.Index(neighbours, subject.realm)]
	at := rapid.SampledFrom(exchangers).Draw(g.T, "requester")
	q := swap(at, subject.compact)
	q.Realm, q.SubjectIssuer = there, ptr("neighbour")
	if at != "gateway" && rapid.Bool().Draw(g.T, "wants a refresh token") {
		q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
	}
	resp, err := g.Exchange(g.t.Context(), q)
	if g.refused(err, there, at, subject.user) {
		return
	}
	g.seen["abroad"]++
	g.put(resp, leaf{name: subject.name + ">" + there + "/" + at, realm: there, client: at, user: subject.user,
		path: append(slices.Clone(subject.path), subject), actors: subject.actors, needs: true})
}

// refused tells whether a grant was refused, which it may be for what is switched off only.
func (g *tree) refused(err error, in string, of ...string) bool {
	if err == nil {
		return false
	}
	if !slices.ContainsFunc(of, func(name string) bool { return g.off(in, name) }) {
		g.Fatalf("refused for %v of %s: %v", of, in, err)
	}
	return true
}

// off tells whether a client or a user is switched off.
func (g *tree) off(in, name string) bool {
	r := g.in(in)
	if c := r.Client(name); c != nil {
		return !c.Enabled
	}
	u, err := g.store.UserByName(g.t.Context(), r.Key, name)
	if err != nil {
		g.Fatal(err)
	}
	return !u.Enabled
}
