package exchange_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// chain is a token, all that is behind it, and where its next exchange may be.
type chain struct {
	*rapid.T
	*place // where the token is exchanged and refreshed
	other  *place
	now    time.Time

	held  *token.Verified
	roles []realm.RoleRef // that it carries
	// partner tells that an issuer made it that is no realm here.
	partner bool

	// Of an exchange: what it came of, and the refresh token beside it. Nil: the token is of a sign-in, whose scope is
	// nobody's but the user's to bound.
	grant   *exchange.Grant
	refresh *token.Claims

	count int            // of tokens
	seen  map[string]int // what was granted, by what is to be seen of it
}

// remarkable is what has to be among what is granted, for the laws to say something.
var remarkable = []string{
	"acted", "acted again", "acted before", "may act", "told who may act", "for resources", "for resources as before",
	"bound to a key", "bound to a certificate", "from the neighbour", "from the partner", "back", "refreshed", "capped",
}

// TestAuthorityNeverGrows follows chains of up to eight exchanges, between two realms that are drawn, with refreshes and
// changes of the realms and the user between.
func TestAuthorityNeverGrows(t *testing.T) {
	deepest, seen := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 8 {
			deepest = max(deepest, begin(t, seen).goOn())
		}
	})
	if deepest < 5 {
		t.Errorf("no chain is longer than %d: the realms that are drawn refuse too much", deepest)
	}
	for _, what := range remarkable {
		if seen[what] == 0 {
			t.Errorf("no token was granted that is %q: seen is %v", what, seen)
		}
	}
}

// begin is a token of somebody who signed in at one of the clients, or at a partner of the realm.
func begin(t *rapid.T, seen map[string]int) *chain {
	shop, office := drawPlace(t, "shop", "office"), drawPlace(t, "office", "shop")
	c := &chain{T: t, place: shop, other: office, now: noon, seen: seen}
	if rapid.IntRange(0, 4).Draw(t, "at the partner") == 0 {
		c.held, c.partner = partnersToken(t, shop.issuer), true
		return c
	}
	at := c.realm.Client(rapid.SampledFrom(realmdraw.Clients).Draw(t, "signs in at"))
	scope := rapid.SampledFrom([]string{"", "s0", "s1 s2", "s0 s1 s2 s3 s4"}).Draw(t, "scope")
	found := audience.Resolve(audience.Request{Realm: c.realm, Issuer: c.issuer, Client: at, User: c.user, Session: c.session, Scope: scope})
	c.hold(mint.Request{For: &found, Expires: noon.Add(time.Hour), Confirmation: proof.Bind(drawProved(t, nil), at.Tokens)})
	return c
}

// goOn makes the chain longer, and tells how long it became.
func (c *chain) goOn() int {
	for range 30 {
		if len(c.held.Path) == 8 {
			break
		}
		switch step := rapid.IntRange(0, 13).Draw(c.T, "next"); {
		case step == 0:
			c.change()
		case c.partner:
			c.bring(c.place, "partner", *c.held)
		case step == 1:
			c.renew()
		case step <= 3:
			subject := *c.held
			subject.Path = seenFrom(c.other.issuer, c.issuer, c.held.Path)
			c.bring(c.other, "neighbour", subject)
		default:
			c.exchange(c.place, c.request(c.place, c.held))
		}
	}
	return len(c.held.Path)
}

// hold mints what was decided, and goes on with it.
func (c *chain) hold(q mint.Request) {
	c.count++
	q.ID, q.Now, q.Origin = fmt.Sprint("token-", c.count), c.now, token.Origin{Session: token.Online}
	minted := mint.Access(q)
	minted.Claims.Subject = c.user.ID
	refresh := mint.Refresh(q, &minted.Claims).Claims
	c.held, c.refresh = &token.Verified{Claims: minted.Claims, Origin: q.Origin}, &refresh
	c.roles = slices.Clone(q.For.Roles)
}

// bring exchanges a token of another issuer.
func (c *chain) bring(at *place, alias string, subject token.Verified) {
	q := c.request(at, &subject)
	q.SubjectType = ptr(rapid.SampledFrom([]oauth.TokenType{oauth.TypeAccessToken, oauth.TypeJWT}).Draw(c.T, "said to be"))
	q.Foreign = &exchange.Foreign{Name: alias, Provider: at.realm.Provider(alias)}
	if rapid.Bool().Draw(c.T, "names the issuer") {
		q.Legacy = []string{"subject_issuer"}
	}
	switch rapid.IntRange(0, 9).Draw(c.T, "who it speaks of") {
	case 0:
		q.Foreign.Standing = rapid.SampledFrom([]exchange.Standing{exchange.Unlinked, exchange.Taken, exchange.Barred}).Draw(c.T, "standing")
	case 1:
		q.Foreign.Flaw = exchange.FlawToken
	}
	c.exchange(at, q)
}

// exchange exchanges a token, and holds what comes of it against the laws.
func (c *chain) exchange(at *place, q exchange.Request) {
	d := exchange.Decide(q)
	c.explains(q, d)
	if d.Refuse != nil {
		return
	}
	before := q.Subject.Token
	if at != c.place {
		c.place, c.other = at, c.place
	}
	c.grant, c.partner = d.Grant, false
	sources := []*token.Confirmation{before.Confirmation}
	if q.Actor != nil {
		sources = append(sources, q.Actor.Token.Confirmation)
	}
	normal := c.now.Add(time.Duration(rapid.IntRange(1, 7200).Draw(c.T, "life")) * time.Second)
	c.hold(mint.Request{
		For: &d.Grant.Resolution, Path: d.Grant.Path, Expires: d.Grant.Cap(normal, nil), Actor: d.Grant.Actor, MayAct: d.Grant.MayAct,
		Resources: d.Grant.Resources, Confirmation: proof.Bind(q.Proved, q.Client.Tokens, sources...),
	})
	c.judge(q)
}

// renew refreshes what an exchange gave.
func (c *chain) renew() {
	if c.grant == nil {
		return
	}
	requester := c.realm.Client(c.held.Client)
	before, refresh := c.held, c.refresh
	filter, scope := refresh.RequestedAudience, refresh.Scopes()
	if refresh.RequestedResource != nil {
		targets, err := audience.Targets(c.realm, refresh.RequestedResource)
		if err != nil || slices.ContainsFunc(targets, func(id string) bool { return !slices.Contains(filter, id) }) {
			return // what they are of is not what the exchange was for
		}
	}
	d := exchange.Renew(exchange.Renewal{Realm: c.realm, Issuer: c.issuer, Client: requester, User: c.user, Session: c.session,
		Scope: scope, Held: scope, Audiences: filter, Path: refresh.Path})
	if d.Refuse != nil {
		return
	}
	c.hold(mint.Request{
		For: &d.Grant.Resolution, Path: refresh.Path, Expires: c.now.Add(time.Hour), Actor: refresh.Actor, MayAct: refresh.MayAct,
		Resources: refresh.RequestedResource, Confirmation: proof.Bind(drawProved(c.T, refresh.Confirmation), requester.Tokens, refresh.Confirmation),
	})
	c.judgeRenewal(requester, before, filter, scope)
}

// change has an administrator change something.
func (c *chain) change() {
	d := realm.Edit(c.realm)
	one := *c.realm.Client(rapid.SampledFrom(realmdraw.Clients).Draw(c.T, "changed"))
	switch rapid.IntRange(0, 7).Draw(c.T, "change") {
	case 0:
		one.Enabled = !one.Enabled
	case 1:
		one.Exchange.Permitted = &[]string{rapid.SampledFrom(realmdraw.Targets).Draw(c.T, "permitted")}
	case 2:
		one.Exchange.Accepts = &[]string{rapid.SampledFrom(realmdraw.Clients).Draw(c.T, "accepts")}
	case 3:
		one.FullScope = !one.FullScope
	case 4:
		less := *c.user
		less.Roles = realmdraw.Somebody(c.T, c.realm).Roles
		c.user = &less
	case 5:
		one.Resource = []string{rapid.SampledFrom(resources).Draw(c.T, "resource")}
	case 6:
		one.Exchange.External = !one.Exchange.External
	case 7:
		d.PutProvider(drawProvider(c.T, "neighbour", c.other.issuer))
	}
	d.PutClient(&one)
	c.realm = d.Realm()
}
