package exchange_test

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// judge holds what came of an exchange against the laws. They are said again here, in other words than in the rules.
func (c *chain) judge(q exchange.Request) {
	before := q.Subject.Token
	c.hasPath(q)
	c.endsInTime(q)
	c.isBelieved(q)
	c.isBound(q)
	c.isActedWith(q)
	named := c.isFor(q)
	for _, aud := range named {
		if !slices.Contains(c.held.Audience, aud) {
			c.Fatalf("%s was asked for, not refused, and is missing in %v", aud, c.held.Audience)
		}
	}
	c.isNoMoreThan(q.Client, before, q.Scope, named)
	c.narrowsOnce(q)
}

// judgeRenewal does so with what came of a refresh.
func (c *chain) judgeRenewal(requester *realm.Client, before *token.Verified, filter []string, scope string) {
	c.seen["refreshed"]++
	for _, aud := range c.held.Audience {
		if filter != nil && !slices.Contains(filter, aud) {
			c.Fatalf("a refresh widens the audience from %v to %v", filter, c.held.Audience)
		}
	}
	if diff := cmp.Diff([]any{before.Actor, before.MayAct, before.RequestedResource, before.Path},
		[]any{c.held.Actor, c.held.MayAct, c.held.RequestedResource, c.held.Path}); diff != "" {
		c.Fatalf("a refresh changes act, may_act, resources or path (-before +after):\n%s", diff)
	}
	c.trustLasts()
	c.isStraight(requester)
	if last := c.held.Path[len(c.held.Path)-1]; last.Issuer != "" && !requester.Exchange.External {
		c.Fatalf("refreshed by %s, which may not exchange tokens of others", requester.ID)
	}
	c.isNoMoreThan(requester, before, &scope, filter)
}

// hasPath sees that the path is that of the subject, and the subject, with what stands behind it in its own realm.
func (c *chain) hasPath(q exchange.Request) {
	before := q.Subject.Token
	hop := token.Hop{Client: before.Client, JTI: before.ID}
	if q.Foreign != nil {
		hop.Issuer, hop.Session = before.Issuer, before.Session
		if before.Origin.Session != "" { // of a realm of this server
			hop.Session = before.Session
		}
	}
	want := append(slices.Clone(before.Path), hop)
	if diff := cmp.Diff(want, c.held.Path); diff != "" {
		c.Fatalf("exchange_path (-want +got):\n%s", diff)
	}
	if limit := c.realm.Exchange.ChainLimit; limit >= 0 && len(want) > limit {
		c.Fatalf("%d exchanges, the limit is %d", len(want), limit)
	}
	c.isStraight(q.Client)
}

// isStraight sees that a way that came back to a client, if only to go on from there, is none that the realm refuses.
func (c *chain) isStraight(requester *realm.Client) {
	left := false
	for _, hop := range slices.Backward(c.held.Path) {
		own := hop.Issuer == "" && hop.Client == requester.ID
		if c.realm.Exchange.RefuseCycles && own && left {
			c.Fatalf("%s is in %v already", requester.ID, c.held.Path)
		}
		left = left || !own
	}
}

// endsInTime sees that the token ends no later than subject and actor token, where the realm wants that.
func (c *chain) endsInTime(q exchange.Request) {
	if !c.realm.Exchange.CapLifetime {
		return
	}
	for _, held := range []*exchange.Subject{q.Subject, q.Actor} {
		if held == nil || held.Token.Expires == 0 {
			continue
		}
		if c.held.Expires > held.Token.Expires {
			c.Fatalf("it ends at %d, what it came of at %d", c.held.Expires, held.Token.Expires)
		}
		if c.held.Expires == held.Token.Expires {
			c.seen["capped"]++
		}
	}
}

// isBelieved sees that a token of another issuer was believed, that somebody is linked, and that a client exchanged it which
// may. That it gives no more than the linked user has here isNoMoreThan sees: what the token says of roles counts nowhere.
func (c *chain) isBelieved(q exchange.Request) {
	c.trustLasts()
	if q.Foreign == nil {
		return
	}
	if q.Foreign.Standing != "" || q.Foreign.Flaw != "" {
		c.Fatalf("exchanged, and %s %s", q.Foreign.Standing, q.Foreign.Flaw)
	}
	if !q.Client.Exchange.External {
		c.Fatalf("exchanged by %s, which may not exchange tokens of others", q.Client.ID)
	}
	if c.grant.Resolution.User.ID != c.user.ID {
		c.Fatalf("it speaks of %s, linked is %s", c.grant.Resolution.User.ID, c.user.ID)
	}
	c.seen["from the "+q.Foreign.Name]++
	if slices.ContainsFunc(q.Subject.Token.Path, func(h token.Hop) bool { return h.Issuer == "" }) {
		c.seen["back"]++
	}
}

// trustLasts sees that the issuer by whose token this one came here is trusted now.
func (c *chain) trustLasts() {
	for _, hop := range slices.Backward(c.held.Path) {
		if hop.Issuer == "" {
			continue
		}
		alias := "neighbour"
		if hop.Issuer == partnerIssuer {
			alias = "partner"
		}
		if p := c.realm.Provider(alias); !p.Enabled || p.Config[federation.SettingTrusted] != "true" {
			c.Fatalf("%s is not trusted, and tokens go on: %v", alias, c.held.Path)
		}
		return
	}
}

// isBound sees that a bound token was exchanged by its holder, and that what came of it, or by an actor token that is
// bound, is bound alike.
func (c *chain) isBound(q exchange.Request) {
	for _, held := range []*exchange.Subject{q.Subject, q.Actor} {
		if held == nil || held.Token.Confirmation == nil {
			continue
		}
		from, now := held.Token.Confirmation, c.held.Confirmation
		if (held == q.Actor || q.Foreign == nil) && held.Token.Client != q.Client.ID {
			c.Fatalf("%s exchanged a token that is bound to %s", q.Client.ID, held.Token.Client)
		}
		if from.JKT != "" && q.Proved.Key != from.JKT || from.Certificate != "" && q.Proved.Certificate != from.Certificate {
			c.Fatalf("bound by %+v, exchanged by who proved %+v", from, q.Proved)
		}
		if now == nil || from.JKT != "" && now.JKT != from.JKT || from.Certificate != "" && now.Certificate != from.Certificate {
			c.Fatalf("bound by %+v, what came of it by %+v", from, now)
		}
		if from.JKT != "" {
			c.seen["bound to a key"]++
		}
		if from.Certificate != "" {
			c.seen["bound to a certificate"]++
		}
	}
}

// isNoMoreThan sees that the token has nothing that the requester and the user do not have today and, where the realm
// enforces that, nothing that the one before it did not have.
func (c *chain) isNoMoreThan(requester *realm.Client, before *token.Verified, scope *string, named []string) {
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
	for _, role := range append(audience.Named(&c.held.Claims), c.roles...) {
		if !slices.Contains(today.Roles, role) {
			c.Fatalf("it carries role %s, which %s could not today", role, requester.ID)
		}
	}
	if c.realm.Exchange.Downscope && len(c.held.Path) > 0 {
		c.isNoMoreThanBefore(before)
	}
}

func (c *chain) isNoMoreThanBefore(before *token.Verified) {
	for word := range strings.FieldsSeq(c.held.Scopes()) {
		if !slices.Contains(strings.Fields(before.Scopes()), word) {
			c.Fatalf("scope %s is new", word)
		}
	}
	for _, hop := range c.held.Path {
		if hop.Issuer != "" {
			continue
		}
		through := c.realm.Client(hop.Client)
		could := audience.Resolve(audience.Request{Realm: c.realm, Issuer: c.issuer, Client: through, User: c.user, Session: c.session, Scope: before.Scopes(), Use: mapper.Access})
		for _, role := range c.roles {
			if !through.Enabled || !slices.Contains(could.Roles, role) {
				c.Fatalf("it carries role %s, which a token of %s behind it could not", role, hop.Client)
			}
		}
	}
}

// explains sees that a decision is the same whether it is explained or not, and says why it refused, and what to do.
func (c *chain) explains(q exchange.Request, d exchange.Decision) {
	q.Explain = true
	explained := exchange.Decide(q)
	if (d.Refuse == nil) != (explained.Refuse == nil) || d.Rule != explained.Rule {
		c.Fatalf("refused by %q, explained as refused by %q", d.Rule, explained.Rule)
	}
	if d.Refuse != nil {
		byRule := func(s explain.Step) bool { return s.Rule == d.Rule }
		if denials := explained.Trace.Denials(); d.Refuse.Description != explained.Refuse.Description || !slices.ContainsFunc(denials, byRule) {
			c.Fatalf("%q by %s is explained by %+v", d.Refuse.Description, d.Rule, denials)
		}
		if len(exchange.Fixes(q, d)) == 0 {
			c.Fatalf("nothing can be done about %q", d.Refuse.Description)
		}
		return
	}
	if diff := cmp.Diff(said(d.Grant), said(explained.Grant)); diff != "" {
		c.Fatalf("explained otherwise than decided (-decided +explained):\n%s", diff)
	}
}

// said is what a grant says.
func said(g *exchange.Grant) []any {
	return []any{g.Type, g.Resolution.Audiences, g.Resolution.Roles, g.Resolution.ScopeClaim(), g.Resources, g.Path, g.Actor, g.MayAct, g.NotAfter}
}

// narrowsOnce sees that asking for what was granted grants the same.
func (c *chain) narrowsOnce(q exchange.Request) {
	if len(q.Audiences) == 0 && len(q.Resources) == 0 {
		return
	}
	q.Audiences, q.Resources = slices.Concat(q.Audiences, q.Audiences), slices.Concat(q.Resources, q.Resources)
	again := exchange.Decide(q)
	if again.Refuse != nil {
		c.Fatalf("asked for twice: %v", again.Refuse)
	}
	if diff := cmp.Diff(said(c.grant), said(again.Grant)); diff != "" {
		c.Fatalf("asked for twice (-once +twice):\n%s", diff)
	}
}
