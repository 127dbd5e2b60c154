package broker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Outlook tells what would become of a token of another issuer, and what is kept of those. It asks what Broker.Subject asks,
// of a token that nobody has: it changes nothing, and nothing goes over the network. All fields are required.
type Outlook struct {
	Realms Realms
	Kept   Kept
	Users  Users
	Tokens KeptTokens
	Now    func() time.Time
	NewID  func() string
}

// Holding tells what is kept of the tokens that a provider gave for a user.
func (o Outlook) Holding(ctx context.Context, r *realm.Realm, u *user.User, alias string) (exchange.Holding, error) {
	return holding(ctx, o.Tokens, r, u, alias, o.Now())
}

// Linked is the user who is linked to an account at a provider, enabled or not; nil where nobody is.
func (o Outlook) Linked(ctx context.Context, r *realm.Realm, alias, subject string) (*user.User, error) {
	return Foreigners{Users: o.Users}.Linked(ctx, r, alias, subject)
}

// Expect is who a token would speak of that says this, with the roles and groups that the provider's mappers would give
// them; or who would be made. Ids of what would be made are new.
func (o Outlook) Expect(ctx context.Context, at verify.At, q verify.Described) (verify.Guest, error) {
	c, err := FreshBook(o.Kept).of(ctx, at.Realm)
	if err != nil {
		return verify.Guest{}, err
	}
	p := c.provider(q.Provider.Alias)
	if p == nil {
		return disbelieved(errors.New("nobody can sign in by the provider")), nil
	}
	said, err := o.credit(ctx, at, p, q)
	if err == nil {
		err = p.CheckSubject(q.Claims, federation.TrustIn(q.Provider), at.Realm.Issuer(at.Base), at.Now)
	}
	if err != nil {
		return disbelieved(err), ctx.Err()
	}
	who, err := visitorBy(p, federation.Answer{IDToken: q.Claims.Claims}, o.NewID())
	if err != nil {
		return disbelieved(err), ctx.Err()
	}
	return o.seat(ctx, at, p, who, verify.Guest{Token: &said})
}

// credit asks what there is to ask of a signature that is taken to be right.
func (o Outlook) credit(ctx context.Context, at verify.At, p *Provider, q verify.Described) (token.Verified, error) {
	said, err := q.Claims.Verified()
	if err != nil {
		return said, err
	}
	if slices.Contains(p.Issuers, q.Claims.Issuer) {
		home, err := verify.Beside(ctx, o.Realms, at, q.Claims.Issuer)
		if err != nil {
			return said, err
		}
		if home != nil {
			return creditNeighbour(at, said, q)
		}
	}
	if err := p.vouchable(); err != nil {
		return said, err
	}
	return said, o.outside(ctx, at, &p.Settings, said.Actor)
}

// outside is Foreigners.outside of a token that nobody has.
func (o Outlook) outside(ctx context.Context, at verify.At, s *federation.Settings, act *token.Actor) error {
	if _, err := s.Keys(); err != nil {
		return err
	}
	return verify.CheckActors(ctx, o.Realms, at, act)
}

// Vouched is Foreigners.Vouched of an assertion that nobody has.
func (o Outlook) Vouched(ctx context.Context, at verify.At, s *federation.Settings, q verify.Described) (verify.Credit, error) {
	said, err := q.Claims.Verified()
	if err != nil {
		return flawed(err), nil
	}
	home, err := verify.Beside(ctx, o.Realms, at, q.Claims.Issuer)
	if err != nil {
		return credit(err)
	}
	if home == nil {
		if err := o.outside(ctx, at, s, said.Actor); err != nil {
			return flawed(err), ctx.Err()
		}
		return verify.Credit{}, nil
	}
	if said, err = creditNeighbour(at, said, q); err != nil {
		return credit(err)
	}
	return verify.Credit{Path: handedIn(&said, q.Claims.HeaderType)}, nil
}

// creditNeighbour asks what there is to ask of a token of another realm of this server.
func creditNeighbour(at verify.At, said token.Verified, q verify.Described) (token.Verified, error) {
	if q.Refused != nil {
		return said, q.Refused
	}
	if q.Machine {
		return said, errService
	}
	all, err := token.Parse(q.Claims.Claims.AppendJSON(nil))
	said.Path = abroad(all.Path, q.Claims.Issuer, at.Realm.Issuer(at.Base))
	return said, err
}

// seat is Broker.seat for who only asks.
func (o Outlook) seat(ctx context.Context, at verify.At, p *Provider, who *visitor, g verify.Guest) (verify.Guest, error) {
	h := host{o.Users, people.FreshRulebook(o.Kept)}
	g.Origin = session.Origin{Provider: p.Alias, Subject: who.Person.ID, Username: who.Person.Username}
	u, err := o.Linked(ctx, at.Realm, p.Alias, who.Person.ID)
	switch {
	case err != nil:
		return g, err
	case u == nil:
		g, _, err = h.newcomer(ctx, at, p, who, g)
		return g, err
	case standing(u) != "":
		g.User, g.Standing = u, standing(u)
		return g, nil
	}
	g.User, g.Notes, _, err = h.known(ctx, at.Realm, p, who, u)
	return g, err
}
