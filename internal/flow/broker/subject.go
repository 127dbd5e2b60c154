package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Own checks tokens of the realms of this server, and all that stands behind them. It is a *verify.Verifier.
type Own interface {
	PersonToken(ctx context.Context, at verify.At, compact string) (verify.Held, error)
	Assertion(ctx context.Context, at verify.At, compact string) (verify.Held, error)
}

// Subject verifies a token of another issuer, and finds the user of the realm whom it speaks of, or tells whom a sign-in by
// the provider would make. What is wrong with the token or its user is told in the guest; an error is a technical one. That
// the provider is trusted has been asked.
func (b *Broker) Subject(ctx context.Context, at verify.At, q verify.Abroad) (verify.Guest, error) {
	c, err := b.Book.of(ctx, at.Realm)
	if err != nil {
		return verify.Guest{}, err
	}
	p := c.provider(q.Provider.Alias)
	if p == nil {
		return disbelieved(errors.New("nobody can sign in by the provider")), nil
	}
	held, claims, err := b.believe(ctx, at, p, q.Compact)
	if err == nil {
		err = p.CheckSubject(claims, federation.TrustIn(q.Provider), at.Realm.Issuer(at.Base), at.Now)
	}
	if err != nil {
		return disbelieved(err), ctx.Err()
	}
	who, err := b.guest(ctx, p, q, claims, !held.near)
	if err != nil {
		return disbelieved(err), ctx.Err()
	}
	return b.seat(ctx, at, p, who, verify.Guest{Token: &held.Verified})
}

// disbelieved is the guest whose token is not believed.
func disbelieved(err error) verify.Guest {
	g := verify.Guest{Flaw: exchange.FlawToken, Why: reasonOf(err)}
	if errors.Is(err, federation.ErrType) {
		g.Flaw = exchange.FlawType
	}
	return g
}

// believed is a token whose signature is right.
type believed struct {
	token.Verified
	near bool // a realm of this server issued it
}

var errUnsigned = fmt.Errorf("%w: the provider's settings do not have signatures validated", federation.ErrSignature)

// believe checks who signed a token. One of a realm of this server is verified with the keys at hand, and its session and
// all that was taken back count; others by the provider's keys.
func (b *Broker) believe(ctx context.Context, at verify.At, p *Provider, compact string) (believed, federation.Foreign, error) {
	claims, err := federation.ReadUnverified(compact)
	if err != nil {
		return believed{}, claims, err
	}
	if slices.Contains(p.Issuers, claims.Issuer) {
		home, err := verify.Beside(ctx, b.Realms, at, claims.Issuer)
		if err != nil {
			return believed{}, claims, err
		}
		if home != nil {
			v, err := near(ctx, at, home, compact, b.Own.PersonToken)
			return believed{v, true}, claims, err
		}
	}
	if err := p.vouchable(); err != nil {
		return believed{}, claims, err
	}
	if claims, err = b.foreigners().outside(ctx, at, &p.Settings, compact); err != nil {
		return believed{}, claims, err
	}
	v, err := claims.Verified()
	return believed{Verified: v}, claims, err
}

// vouchable asks that signatures tell tokens of the provider from others.
func (p *Provider) vouchable() error {
	if !p.ValidateSignature {
		return errUnsigned
	}
	return nil
}

var errService = fmt.Errorf("%w: it is about a client, and no user", federation.ErrClaims)

// abroad is a way of exchanges in another realm as this one sees it. What was issued here keeps no issuer.
func abroad(path []token.Hop, issuer, here string) []token.Hop {
	out := slices.Clone(path)
	for i := range out {
		switch out[i].Issuer {
		case "":
			out[i].Issuer = issuer
		case here:
			out[i].Issuer = ""
		}
	}
	return out
}

// guest is who a token speaks of. The provider's own word on the person is asked for by an access token, as at a sign-in,
// where that goes over the network anyway: a provider that does not honour the token any more refuses it.
func (b *Broker) guest(ctx context.Context, p *Provider, q verify.Abroad, f federation.Foreign, remote bool) (*visitor, error) {
	told := federation.Answer{IDToken: f.Claims}
	if remote && p.FetchesProfile() && f.Grants(q.Type != oauth.TypeIDToken) {
		var err error
		if told.Profile, err = b.Upstream.UserInfo(ctx, &p.Settings, q.Compact); err != nil {
			return nil, fmt.Errorf("user info call failure: %w", err)
		}
	}
	return visitorBy(p, told, b.NewID())
}

// visitorBy is who a provider tells of, under its settings and mappers.
func visitorBy(p *Provider, told federation.Answer, id string) (*visitor, error) {
	person, err := p.Person(told)
	if err != nil {
		return nil, err
	}
	return &visitor{Provider: p.Alias, Person: p.Preprocess(person, p.Mappers, id, nil)}, nil
}

// seat finds the user who is linked to a visitor, as the provider's mappers want them, or tells who would be made of a
// visitor whom nobody is linked to. Nobody is made or changed before Admit is called.
func (b *Broker) seat(ctx context.Context, at verify.At, p *Provider, who *visitor, g verify.Guest) (verify.Guest, error) {
	g.Origin = session.Origin{Provider: p.Alias, Subject: who.Person.ID, Username: who.Person.Username, SID: who.Person.SessionID}
	u, err := b.foreigners().Linked(ctx, at.Realm, p.Alias, who.Person.ID)
	switch {
	case err != nil:
		return g, err
	case u == nil:
		return b.stranger(ctx, at, p, who, g)
	case standing(u) != "":
		g.User, g.Standing = u, standing(u)
		return g, nil
	}
	known, same := g, false
	if g.User, g.Notes, same, err = b.host().known(ctx, at.Realm, p, who, u); err != nil || same {
		return g, err
	}
	g.Admit = func(ctx context.Context) (verify.Guest, error) {
		var err error
		if known.Notes, _, err = b.sync(ctx, at.Realm, p, who, u); err != nil {
			return known, err
		}
		known.User, err = b.Users.User(ctx, at.Realm.Key, u.ID)
		if known.User != nil {
			known.Standing = standing(known.User)
		}
		return known, err
	}
	return g, nil
}

// standing is why a user who is linked may not act; empty where they may.
func standing(u *user.User) exchange.Standing {
	if !u.Enabled || u.ServiceAccount != "" {
		return exchange.Barred
	}
	return ""
}

// stranger is a visitor whom nobody is linked to, as the user who would be made for them. Nobody is made before Admit is
// called.
func (b *Broker) stranger(ctx context.Context, at verify.At, p *Provider, who *visitor, g verify.Guest) (verify.Guest, error) {
	known := g
	g, account, err := b.host().newcomer(ctx, at, p, who, g)
	if err != nil || g.Standing != "" {
		return g, err
	}
	author := audit.Author{Base: at.Base, Now: at.Now, NewID: b.NewID}
	g.Admit = func(ctx context.Context) (verify.Guest, error) {
		known.Standing = ""
		_, err := b.People.Adopt(ctx, author, at.Realm, account)
		clash, taken := errors.AsType[*fault.Conflict](err)
		switch {
		case taken && clash.Field == "federatedIdentities": // somebody was first: they are linked now
		case taken:
			known.Standing = exchange.Taken
			return known, nil
		case err != nil:
			return known, err
		default:
			known.Made = true
		}
		found, err := b.seat(ctx, at, p, who, known)
		switch {
		case err != nil || found.Admit == nil:
			return found, err
		case found.User.ID == "": // the link is gone again: once is enough
			known.Standing = exchange.Unlinked
			return known, nil
		}
		return found.Admit(ctx)
	}
	return g, nil
}

// host knows what becomes of visitors, and changes nothing.
type host struct {
	users Users
	rules *people.Rulebook
}

func (b *Broker) host() host { return host{b.Users, b.Rules} }

// newcomer is a visitor whom nobody is linked to, as the user who would be made for them, and their account: where the
// provider's settings let one be made, and the first login would ask nobody anything, neither to review a profile nor whose
// an account is that there is.
func (h host) newcomer(ctx context.Context, at verify.At, p *Provider, who *visitor, g verify.Guest) (verify.Guest, people.Adoption, error) {
	no := func(why exchange.Standing, err error) (verify.Guest, people.Adoption, error) {
		g.Standing = why
		return g, people.Adoption{}, err
	}
	if p.LinkOnly || p.Transient || !p.First.Create {
		return no(exchange.Unlinked, nil)
	}
	terms, err := h.rules.Terms(ctx, at.Realm)
	if err != nil {
		return no("", err)
	}
	given := told(who, at.Realm)
	if p.First.asks(terms.Profile, given, nil) {
		return no(exchange.Unlinked, nil)
	}
	account, _, err := h.adoption(ctx, at.Realm, p, who, given)
	if err != nil {
		return no("", err)
	}
	u, err := people.WouldAdopt(ctx, h.users, h.rules, at, account)
	if _, taken := errors.AsType[*fault.Conflict](err); taken {
		return no(exchange.Taken, nil)
	}
	if err == nil {
		u.Groups, err = h.users.Lineage(ctx, at.Realm.Key, u.GroupKeys)
	}
	if err != nil {
		return no("", err)
	}
	g.User, g.Notes = &u, maps.Clone(who.Person.Notes)
	return g, account, nil
}

// asks tells whether a first login would show the user this profile, to be reviewed.
func (rules *FirstLoginRules) asks(p *profile.Profile, told profile.Attributes, scopes []string) bool {
	_, wrong := p.Write(profile.Change{Given: told, As: profile.User, Scopes: scopes})
	_, invalid := errors.AsType[profile.Invalid](wrong)
	return rules.Review == ReviewOn || rules.Review == ReviewMissing && (invalid || told.First(profile.Username) == "")
}
