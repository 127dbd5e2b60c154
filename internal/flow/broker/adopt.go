package broker

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// readTokenRole is the role of the client "broker" that lets a user's applications have the tokens of providers.
const (
	brokerClient  = "broker"
	readTokenRole = "read-token"
)

// create makes an account for the visitor. Where somebody took the name or the address meanwhile, it is theirs.
func (s *step) create(ctx context.Context) (authorize.Result, error) {
	q, trace, err := s.host().adoption(ctx, s.t.Realm(), s.p, s.who, s.at.Profile)
	s.t.Event.Trace = trace
	if err != nil {
		return authorize.Result{}, err
	}
	id, err := s.People.Adopt(ctx, audit.Author{Base: s.t.At.Base, Now: s.t.At.Now, NewID: s.NewID}, s.t.Realm(), q)
	switch clash, taken := errors.AsType[*fault.Conflict](err); {
	case taken && clash.Field == "federatedIdentities":
		return s.linkedMeanwhile(ctx)
	case taken && !s.contested:
		s.contested = true
		return s.unite(ctx)
	case taken: // by a mapper that gives a name which is another's
		s.at.Same, s.at.Value = clash.Field, q.Profile.First(clash.Field)
		return s.exists(ctx)
	case err != nil:
		return authorize.Result{}, err
	}
	s.at.UserID = id
	s.record(ctx, event.Register, event.Detail{Name: "register_method", Value: "broker"}, event.Detail{Name: "email", Value: q.Profile.First(profile.Email)})
	return s.done(ctx)
}

// adoption is the account that a visitor gets, whose profile is as they or the provider told it. The trace is of the
// mappers.
func (h host) adoption(ctx context.Context, r *realm.Realm, p *Provider, who *visitor, told profile.Attributes) (people.Adoption, *explain.Trace, error) {
	changes := p.Import(federation.Input{Realm: r, Mappers: p.Mappers, Person: who.Person})
	u := user.User{}
	told.WriteTo(&u)
	join, err := h.groups(ctx, r, changes.Join)
	if err != nil {
		return people.Adoption{}, &changes.Trace, err
	}
	change(&u, &changes, join, nil)
	trusted := p.EmailTrusted(&who.Person) && strings.EqualFold(u.Email, who.Person.Email) // they, or a mapper, may have put another
	q := people.Adoption{Profile: profile.Of(&u), EmailVerified: trusted, Link: who.link(), Roles: u.Roles, Groups: u.GroupKeys}
	if role := readToken(r, p); role != nil {
		q.Roles = realm.WithKeys(q.Roles, []string{role.Key})
	}
	if p.First.ChangePassword {
		q.Actions = []string{"UPDATE_PASSWORD"}
	}
	return q, &changes.Trace, nil
}

// identity is who the visitor is at the provider.
func (s *step) identity() user.Link {
	return s.who.link()
}

// link is who a visitor is at their provider.
func (v *visitor) link() user.Link {
	return user.Link{Provider: v.Provider, Subject: v.Person.ID, Username: v.Person.Username}
}

// readToken is the role that the provider's users get; nil where they get none.
func readToken(r *realm.Realm, p *Provider) *realm.Role {
	client := r.Client(brokerClient)
	if !p.AddReadTokenRole || client == nil {
		return nil
	}
	for _, role := range r.RolesOf(client.Key) {
		if role.Name == readTokenRole {
			return role
		}
	}
	return nil
}

// errOtherLink is an account that is linked to somebody else at the provider.
var errOtherLink = &fault.Conflict{Kind: "user", Field: "federatedIdentities"}

// link links the owner's account, who proved that it is theirs, to the visitor.
func (s *step) link(ctx context.Context) (authorize.Result, error) {
	u, err := s.Users.User(ctx, s.t.Realm().Key, s.at.Owner)
	if err != nil {
		return authorize.Result{}, err
	}
	s.t.Event.UserID = u.ID
	why, message, err := s.Sign.Locked(ctx, s.t, u)
	switch {
	case err != nil:
		return authorize.Result{}, err
	case why != nil:
		return *s.failed(ctx, s.t, why.Event, badRequest, page.T(message)), nil
	}
	err = s.attach(ctx, s.t, s.p, u.ID, s.identity(), readToken(s.t.Realm(), s.p))
	if _, taken := errors.AsType[*fault.Conflict](err); taken {
		return s.linkedMeanwhile(ctx)
	}
	if err != nil {
		return authorize.Result{}, err
	}
	s.at.UserID = u.ID
	s.record(ctx, eventLink, event.Detail{Name: "username", Value: u.Username})
	return s.done(ctx)
}

// attach adds a link to an account. *fault.Conflict where the account or the visitor is linked to another.
func (b *Broker) attach(ctx context.Context, t *authorize.Turn, p *Provider, userID string, l user.Link, role *realm.Role) error {
	return b.People.EditOwn(ctx, t.Realm(), userID, func(a *user.Account) error {
		if has := linkTo(&a.User, p.Alias); has != nil {
			if has.Subject != l.Subject {
				return errOtherLink
			}
			return nil
		}
		a.SoleLinks = true
		a.User.Links = append(append([]user.Link(nil), a.User.Links...), l)
		if role != nil {
			a.User.Roles = realm.WithKeys(a.User.Roles, []string{role.Key})
		}
		return nil
	})
}

// linkedMeanwhile ends the way: the visitor, or the account, is linked to another.
func (s *step) linkedMeanwhile(ctx context.Context) (authorize.Result, error) {
	return *s.failed(ctx, s.t, failedFirstLogin, conflict, page.T("identityProviderAlreadyLinkedMessage", s.p.Name)), nil
}

// done leads to where the visitor is signed in.
func (s *step) done(ctx context.Context) (authorize.Result, error) {
	if err := s.who.keep(s.t); err != nil {
		return authorize.Result{}, err
	}
	s.record(ctx, event.FirstBrokerLogin)
	return authorize.Result{Kind: authorize.Elsewhere, Redirect: coded(s.t, "/broker/after-first-broker-login")}, nil
}

// record records an event beside that of the sign-in.
func (s *step) record(ctx context.Context, kind event.Kind, details ...event.Detail) {
	e := s.t.Event
	e.ID, e.Kind, e.Error, e.UserID = s.NewID(), kind, "", s.at.UserID
	e.Details = append([]event.Detail(nil), s.t.Event.Details...)
	for _, d := range details {
		e.Set(d.Name, d.Value)
	}
	s.Events.Record(context.WithoutCancel(ctx), e)
}

// AfterFirst signs a visitor in who went through the first login.
func (b *Broker) AfterFirst(ctx context.Context, q authorize.ContinueRequest) (*authorize.Outcome, error) {
	t, o, err := b.Sign.ResumeLink(ctx, q)
	if o != nil || err != nil {
		return o, err
	}
	who, err := visitorOf(t)
	if err != nil {
		return nil, err
	}
	if who == nil || who.First == nil || who.First.UserID == "" {
		return b.Sign.ShowExpired(t), nil
	}
	b.describe(t, event.FirstBrokerLogin, who.Provider)
	t.Event.Set("identity_provider_identity", who.Person.Username)
	p, err := b.provider(ctx, t, who.Provider)
	if err != nil {
		return nil, err
	}
	t.Attempt.Note(noteVisitor, "")
	if p == nil {
		return b.Sign.ShowError(ctx, t, refusal(unknownProvider, ""), badRequest, page.T(unexpected)), nil
	}
	u, err := b.linked(ctx, t, p, who)
	switch {
	case err != nil:
		return nil, err
	case u == nil || u.ID != who.First.UserID:
		return b.Sign.ShowError(ctx, t, refusal(failedFirstLogin, "the link is gone"), badRequest, page.T(unexpected)), nil
	}
	return b.enter(ctx, t, p, who, u)
}
