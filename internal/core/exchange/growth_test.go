package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// chain is a token in a drawn realm, and all that is behind it.
type chain struct {
	*rapid.T
	realm   *realm.Realm
	user    *user.User
	session *session.Session
	now     time.Time

	held  *token.Verified
	roles []realm.RoleRef // that it carries
	// grant is what it came of; nil: a sign-in, whose scope is nobody's but the user's to bound.
	grant *exchange.Grant
	count int // of tokens
}

// TestAuthorityNeverGrows follows chains of up to eight exchanges, with refreshes and changes of the realm and the user
// between, in realms that are drawn.
func TestAuthorityNeverGrows(t *testing.T) {
	deepest := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 4 {
			deepest = max(deepest, signIn(t).goOn())
		}
	})
	if deepest < 5 {
		t.Errorf("no chain is longer than %d: the realms that are drawn refuse too much", deepest)
	}
}

// signIn is a token of somebody who signed in at one of the clients.
func signIn(t *rapid.T) *chain {
	r := realmdraw.Realm(t, realmdraw.Adding)
	d := realm.Edit(r)
	settings := r.Settings
	settings.Exchange.Downscope, settings.Exchange.CapLifetime = rapid.Bool().Draw(t, "downscope"), rapid.Bool().Draw(t, "cap lifetime")
	if settings.Exchange.ChainLimit < 2 {
		settings.Exchange.ChainLimit = -1 // else few chains are long
	}
	d.PutSettings(settings)
	for _, id := range realmdraw.Clients {
		one := *r.Client(id)
		if rapid.IntRange(0, 9).Draw(t, "may exchange") > 0 {
			one.Enabled, one.Public, one.Exchange.Enabled, one.Exchange.Permitted = true, false, true, nil
		}
		if rapid.Bool().Draw(t, "takes from all") {
			one.Exchange.Accepts = nil
		}
		d.PutClient(&one)
	}
	c := &chain{T: t, realm: d.Realm(), user: realmdraw.Somebody(t, r), now: noon}
	c.session = &session.Session{ID: "session", UserID: c.user.ID, Started: noon}
	at := c.realm.Client(rapid.SampledFrom(realmdraw.Clients).Draw(t, "signs in at"))
	scope := rapid.SampledFrom([]string{"", "s0", "s1 s2", "s0 s1 s2 s3 s4"}).Draw(t, "scope")
	found := audience.Resolve(audience.Request{Realm: c.realm, Issuer: realmdraw.Issuer, Client: at, User: c.user, Session: c.session, Scope: scope})
	c.hold(&found, nil, noon.Add(time.Hour))
	return c
}

// goOn makes the chain longer, and tells how long it became.
func (c *chain) goOn() int {
	for range 30 {
		if len(c.held.Path) == 8 {
			break
		}
		switch rapid.IntRange(0, 9).Draw(c.T, "next") {
		case 0:
			c.change()
		case 1:
			c.refresh()
		default:
			c.exchange()
		}
	}
	return len(c.held.Path)
}

// hold mints what was decided, and goes on with it.
func (c *chain) hold(found *audience.Resolution, path []token.Hop, expires time.Time) {
	c.count++
	minted := mint.Access(mint.Request{For: found, ID: fmt.Sprint("token-", c.count), Now: c.now, Expires: expires, Path: path, Origin: token.Origin{Session: token.Online}})
	minted.Claims.Subject = c.user.ID
	c.held, c.roles = &token.Verified{Claims: minted.Claims, Origin: token.Origin{Session: token.Online}}, slices.Clone(found.Roles)
}

// exchange exchanges the token, mostly by who may.
func (c *chain) exchange() {
	requester := c.realm.Client(rapid.SampledFrom(append(c.requesters(), realmdraw.Clients[0])).Draw(c.T, "requester"))
	reachable := c.couldToday(requester, "").Audiences
	access, kind := oauth.TypeAccessToken, rapid.SampledFrom([]oauth.TokenType{oauth.TypeAccessToken, oauth.TypeRefreshToken}).Draw(c.T, "type")
	q := exchange.Request{
		Realm: c.realm, Issuer: realmdraw.Issuer, Client: requester, SubjectType: &access, RequestedType: &kind,
		Subject: &exchange.Subject{Token: c.held, User: c.user, Session: c.session},
	}
	if rapid.IntRange(0, 2).Draw(c.T, "named") == 0 {
		q.Audiences = rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat([]string{"c0", "urn:x"}, reachable)), 0, 2, rapid.ID[string]).Draw(c.T, "audiences")
	}
	if scope := rapid.SampledFrom([]string{"", "s0", "s1", "s2 s3"}).Draw(c.T, "scope"); scope != "" {
		q.Scope = &scope
	}
	d := exchange.Decide(q)
	c.explains(q, d)
	if d.Refuse != nil {
		return
	}
	before, roles := c.held, c.roles
	normal := c.now.Add(time.Duration(rapid.IntRange(1, 7200).Draw(c.T, "life")) * time.Second)
	c.grant = d.Grant
	c.hold(&d.Grant.Resolution, d.Grant.Path, d.Grant.Cap(normal, nil))

	c.hasPath(before, requester)
	if c.realm.Exchange.CapLifetime && c.held.Expires > before.Expires {
		c.Fatalf("it ends at %d, its subject at %d", c.held.Expires, before.Expires)
	}
	for _, aud := range q.Audiences {
		if !slices.Contains(c.held.Audience, aud) {
			c.Fatalf("%s was asked for, not refused, and is missing in %v", aud, c.held.Audience)
		}
	}
	c.isNoMoreThan(requester, before, roles, q.Scope, q.Audiences)
	c.narrowsOnce(q)
}

// requesters are those who could exchange the token, as far as that is easily told, and each other than its client twice.
func (c *chain) requesters() (out []string) {
	for _, id := range append(slices.Clone(c.held.Audience), c.held.Client) {
		one := c.realm.Client(id)
		if one == nil || !one.Enabled || one.Public || !one.Exchange.Enabled {
			continue
		}
		if out = append(out, id); id != c.held.Client {
			out = append(out, id)
		}
	}
	return out
}

// refresh refreshes what an exchange gave.
func (c *chain) refresh() {
	if c.grant == nil {
		return
	}
	requester := c.realm.Client(c.held.Client)
	before, roles := c.held, c.roles
	scope, filter := before.Scopes(), c.grant.Resolution.Request.Audiences
	d := exchange.Renew(exchange.Renewal{Realm: c.realm, Issuer: realmdraw.Issuer, Client: requester, User: c.user, Session: c.session,
		Scope: scope, Held: scope, Audiences: filter, Path: before.Path})
	if d.Refuse != nil {
		return
	}
	c.hold(&d.Grant.Resolution, before.Path, c.now.Add(time.Hour))
	for _, aud := range c.held.Audience {
		if filter != nil && !slices.Contains(filter, aud) {
			c.Fatalf("a refresh widens the audience from %v to %v", filter, c.held.Audience)
		}
	}
	c.isNoMoreThan(requester, before, roles, &scope, filter)
}

// change has an administrator change something.
func (c *chain) change() {
	d := realm.Edit(c.realm)
	one := *c.realm.Client(rapid.SampledFrom(realmdraw.Clients).Draw(c.T, "changed"))
	switch rapid.IntRange(0, 4).Draw(c.T, "change") {
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
	}
	d.PutClient(&one)
	c.realm = d.Realm()
}

// isNoMoreThan sees that the token has nothing that the requester and the user do not have today and, where the realm
// enforces that, nothing that the one before it did not have.
func (c *chain) isNoMoreThan(requester *realm.Client, before *token.Verified, roles []realm.RoleRef, scope *string, named []string) {
	asked := ""
	if scope != nil {
		asked = *scope
	}
	today := c.couldToday(requester, asked)
	for _, aud := range c.held.Audience {
		listed := slices.Contains(named, aud) && mentions(requester.Exchange.Permitted, aud)
		if !slices.Contains(today.Audiences, aud) && !listed {
			c.Fatalf("%s reaches %s, which it could not today: %v", requester.ID, aud, today.Audiences)
		}
		if aud != requester.ID && !edge(c.realm, requester, aud) {
			c.Fatalf("%s reaches %s against the lists", requester.ID, aud)
		}
		if client := c.realm.Client(aud); client != nil && !client.Enabled {
			c.Fatalf("%s is disabled", aud)
		}
	}
	for _, role := range c.roles {
		if !slices.Contains(today.Roles, role) {
			c.Fatalf("it carries role %s, which %s could not today", role, requester.ID)
		}
	}
	if !c.realm.Exchange.Downscope || len(c.held.Path) == 0 {
		return
	}
	for word := range strings.FieldsSeq(c.held.Scopes()) {
		if !slices.Contains(strings.Fields(before.Scopes()), word) {
			c.Fatalf("scope %s is new", word)
		}
	}
	for _, hop := range c.held.Path {
		through := c.realm.Client(hop.Client)
		could := audience.Resolve(audience.Request{Realm: c.realm, Issuer: realmdraw.Issuer, Client: through, User: c.user, Session: c.session, Scope: before.Scopes(), Use: mapper.Access})
		for _, role := range c.roles {
			if !through.Enabled || !slices.Contains(could.Roles, role) {
				c.Fatalf("it carries role %s, which a token of %s behind it could not (it had %v)", role, hop.Client, roles)
			}
		}
	}
}

// couldToday is what a client would get for the user, were nothing behind it.
func (c *chain) couldToday(client *realm.Client, scope string) audience.Resolution {
	use := mapper.Access
	if client.Tokens.Lightweight {
		use = mapper.Lightweight
	}
	return audience.Resolve(audience.Request{Realm: c.realm, Issuer: realmdraw.Issuer, Client: client, User: c.user, Session: c.session, Scope: scope, Use: use})
}

// hasPath sees that the path is that of the subject, and the subject.
func (c *chain) hasPath(before *token.Verified, requester *realm.Client) {
	want := append(slices.Clone(before.Path), token.Hop{Client: before.Client, JTI: before.ID})
	if diff := cmp.Diff(want, c.held.Path); diff != "" {
		c.Fatalf("exchange_path (-want +got):\n%s", diff)
	}
	if limit := c.realm.Exchange.ChainLimit; limit >= 0 && len(want) > limit {
		c.Fatalf("%d exchanges, the limit is %d", len(want), limit)
	}
	again := slices.ContainsFunc(before.Path, func(h token.Hop) bool { return h.Client == requester.ID })
	if c.realm.Exchange.RefuseCycles && again && before.Client != requester.ID {
		c.Fatalf("%s is in %v already", requester.ID, before.Path)
	}
}

// explains sees that a decision is the same whether it is explained or not, and says why it refused.
func (c *chain) explains(q exchange.Request, d exchange.Decision) {
	q.Explain = true
	explained := exchange.Decide(q)
	if (d.Refuse == nil) != (explained.Refuse == nil) || d.Rule != explained.Rule {
		c.Fatalf("refused by %q, explained as refused by %q", d.Rule, explained.Rule)
	}
	if d.Refuse != nil {
		last := explained.Trace.Steps[len(explained.Trace.Steps)-1]
		if d.Refuse.Description != explained.Refuse.Description || last.Outcome != explain.Denied || last.Rule != d.Rule {
			c.Fatalf("%q is explained by %+v", d.Refuse.Description, last)
		}
		return
	}
	for _, diff := range []string{
		cmp.Diff(d.Grant.Resolution.Audiences, explained.Grant.Resolution.Audiences), cmp.Diff(d.Grant.Resolution.Roles, explained.Grant.Resolution.Roles),
		cmp.Diff(d.Grant.Resolution.ScopeClaim(), explained.Grant.Resolution.ScopeClaim()), cmp.Diff(d.Grant.Path, explained.Grant.Path),
	} {
		if diff != "" {
			c.Fatalf("explained otherwise than decided (-decided +explained):\n%s", diff)
		}
	}
}

// narrowsOnce sees that asking for what was granted grants the same.
func (c *chain) narrowsOnce(q exchange.Request) {
	if len(q.Audiences) == 0 {
		return
	}
	q.Audiences = slices.Concat(q.Audiences, q.Audiences)
	again := exchange.Decide(q)
	if again.Refuse != nil {
		c.Fatalf("asked for twice: %v", again.Refuse)
	}
	if diff := cmp.Diff(c.grant.Resolution.Audiences, again.Grant.Resolution.Audiences) + cmp.Diff(c.grant.Resolution.Roles, again.Grant.Resolution.Roles); diff != "" {
		c.Fatalf("asked for twice (-once +twice):\n%s", diff)
	}
}
