package broker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Link is the required action by which who is signed in links their account to one of a provider: kc_action
// "idp_link:" and its alias. It asks twice: before the browser leaves, as a page of somebody else may have begun it,
// and when it is back, as somebody else may be signed in at the provider in this browser, who could sign in as the
// account's owner from then on. It is an authorize.Starter, and never signs anybody in.
type Link struct{ *Broker }

const linkAlias = "idp_link"

// linkRoles are the roles of the client of accounts of which one lets people link theirs, where the application
// that begins it may carry it, too.
var linkRoles = []realm.RoleRef{{Client: "account", Name: "manage-account"}, {Client: "account", Name: "manage-account-links"}}

// Names of failures in events, by Keycloak's names.
const (
	unknownToLink = "unknown_identity_provider"
	notAllowed    = "not_allowed"
	anotherUser   = "different_user_authenticated"
	rejected      = "rejected_by_user"
	alreadyLinked = "identityProviderAlreadyLinkedMessage" // and the key of what the page says
)

// Alias implements authorize.Action.
func (Link) Alias() string { return linkAlias }

// Due implements authorize.Action. Nobody is made to link an account.
func (Link) Due(context.Context, *authorize.Turn) (bool, error) { return false, nil }

// MayStart implements authorize.Starter.
func (l Link) MayStart(ctx context.Context, t *authorize.Turn) (bool, error) {
	_, why, err := l.linkable(ctx, t)
	if why != nil {
		l.recordLink(ctx, t, nil, why)
	}
	return why == nil && err == nil, err
}

// linkable is the provider that the application names, if the turn's user may link their account to it now; else why
// says why not.
func (b *Broker) linkable(ctx context.Context, t *authorize.Turn) (p *Provider, why *oauth.Error, err error) {
	alias := t.Attempt.Request.ActionOn
	p, err = b.provider(ctx, t, alias)
	switch {
	case err != nil:
		return nil, nil, err
	case p == nil:
		return nil, refusal(unknownToLink, "there is none of that alias that is switched on"), nil
	case !mayLink(t):
		return nil, refusal(notAllowed, "neither manage-account nor manage-account-links of client account"), nil
	case linkTo(t.User, alias) != nil:
		return nil, refusal(failedFirstLogin, "the account is linked to the provider already"), nil
	}
	return p, nil, nil
}

// mayLink tells whether the user has one of the roles, and the application may carry it.
func mayLink(t *authorize.Turn) bool {
	held, carries := t.User.RolesIn(t.Realm()), audience.MayCarry(t.Realm(), t.Client, nil)
	return slices.ContainsFunc(linkRoles, func(ref realm.RoleRef) bool {
		role := t.Realm().Role(ref)
		return role != nil && held.Has(role) && carries(role)
	})
}

// Challenge implements authorize.Action.
func (l Link) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	p, why, err := l.linkable(ctx, t)
	switch {
	case err != nil:
		return nil, err
	case why != nil:
		return page.Error{Message: page.T(unexpected)}, nil
	}
	out := page.LinkAccount{Form: page.Form{Action: t.FormURL()}, Provider: p.Name, Owner: t.User.Username, SignsIn: !p.LinkOnly}
	who, err := proposed(t, p)
	if who != nil {
		out.Identity = cmp.Or(who.Person.Username, who.Person.Email, who.Person.ID)
	}
	return out, err
}

// Process implements authorize.Action. The form of the page before the trip leads to the provider; that of the page
// after it writes the link. Which of both it is says the attempt, and each form is good once.
func (l Link) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if form.Has("cancel-aia") {
		t.Attempt.Note(noteProposal, "")
		l.recordLink(ctx, t, nil, refusal(rejected, ""))
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	p, why, err := l.linkable(ctx, t)
	if why != nil || err != nil {
		return l.inVain(ctx, t, why), err
	}
	who, err := proposed(t, p)
	switch {
	case err != nil:
		return authorize.Result{}, err
	case who != nil:
		return l.join(ctx, t, p, who)
	}
	to, why, err := l.depart(t, p, ownerOf(t))
	if why != nil || err != nil {
		return l.inVain(ctx, t, why), err
	}
	return authorize.Result{Kind: authorize.Elsewhere, Redirect: to}, nil
}

// inVain tells the application that nothing comes of it.
func (l Link) inVain(ctx context.Context, t *authorize.Turn, why *oauth.Error) authorize.Result {
	if why != nil {
		l.recordLink(ctx, t, nil, why)
	}
	return authorize.Result{Kind: authorize.Failed}
}

// join writes the link that the user agreed to.
func (l Link) join(ctx context.Context, t *authorize.Turn, p *Provider, who *visitor) (authorize.Result, error) {
	t.Attempt.Note(noteProposal, "")
	err := l.attach(ctx, t, p, t.User.ID, who.link(), readToken(t.Realm(), p))
	if _, taken := errors.AsType[*fault.Conflict](err); taken {
		l.describeLink(t, who)
		return *l.failed(ctx, t, alreadyLinked, badRequest, page.T(alreadyLinked, p.Name)), nil
	}
	if err != nil {
		return authorize.Result{}, err
	}
	if err := l.keepTokens(ctx, t, p, who, t.User.ID); err != nil {
		return authorize.Result{}, err
	}
	l.recordLink(ctx, t, who, nil)
	t.User, err = l.Users.User(ctx, t.Realm().Key, t.User.ID)
	return authorize.Result{Kind: authorize.Done}, err
}

// propose asks whether to link whom the provider vouches for. Nothing is written yet.
func (b *Broker) propose(ctx context.Context, t *authorize.Turn, p *Provider, way trip, who *visitor) (*authorize.Outcome, error) {
	has, err := b.linked(ctx, t, p, who)
	switch {
	case err != nil:
		return nil, err
	case has != nil && has.ID != t.User.ID:
		b.describeLink(t, who)
		return b.Sign.ShowError(ctx, t, refusal(alreadyLinked, ""), badRequest, page.T(alreadyLinked, p.Name)), nil
	}
	text, err := json.Marshal(proposal{*way.Owner, who})
	if err != nil {
		return nil, err
	}
	t.Attempt.Note(noteProposal, string(text))
	backToLogin(t)
	return b.Sign.GoOn(ctx, t)
}

// declined goes on for who did not sign in at the provider.
func (b *Broker) declined(ctx context.Context, t *authorize.Turn) (*authorize.Outcome, error) {
	b.recordLink(ctx, t, nil, refusal(rejected, "the provider answered access_denied"))
	backToLogin(t)
	return b.Sign.GoOnWithout(ctx, t)
}

// estranged is the page for who comes back from a trip that somebody else began in the same tab.
func (b *Broker) estranged(ctx context.Context, t *authorize.Turn) *authorize.Outcome {
	b.Sign.Record(ctx, t, refusal(anotherUser, "another user or session than the link was begun in"))
	return b.Sign.ShowExpired(t)
}

// describeLink makes the turn's event one of a link to a visitor.
func (b *Broker) describeLink(t *authorize.Turn, who *visitor) {
	b.describe(t, eventLink, who.Provider)
	t.Event.UserID = t.User.ID
	t.Event.Set("username", t.User.Username)
	t.Event.Set("identity_provider_identity", who.Person.Username)
}

// backToLogin makes the turn's event again the one of the sign-in that the link is part of.
func backToLogin(t *authorize.Turn) {
	t.Event.Kind, t.Event.Trace = event.Login, nil
	t.Event.Details = slices.DeleteFunc(t.Event.Details, func(d event.Detail) bool { return d.Name == "identity_provider" })
}

// recordLink records an event of a link beside that of the sign-in. who may be nil, why is nil where it was written.
func (b *Broker) recordLink(ctx context.Context, t *authorize.Turn, who *visitor, why *oauth.Error) {
	e := t.Event
	e.ID, e.Kind, e.UserID, e.Trace, e.Details = b.NewID(), eventLink, t.User.ID, nil, slices.Clone(e.Details)
	e.Set("username", t.User.Username)
	e.Set("identity_provider", printable(t.Attempt.Request.ActionOn))
	if who != nil {
		e.Set("identity_provider_identity", who.Person.Username)
	}
	if why != nil {
		e.Fail(why)
	}
	b.Events.Record(context.WithoutCancel(ctx), e)
}

// owner is whose account is to be linked, and the session that they were signed in by when it began; that is empty
// where they sign in by the same attempt.
type owner struct{ User, Session string }

func ownerOf(t *authorize.Turn) *owner {
	out := &owner{User: t.User.ID}
	if s := t.Identity().Session; s != nil {
		out.Session = s.ID
	}
	return out
}

// asks tells whether the turn is still the owner's, and its attempt still one to link this provider.
func (o *owner) asks(t *authorize.Turn, p *Provider) bool {
	q := &t.Attempt.Request
	return t.User != nil && *o == *ownerOf(t) && q.Action == linkAlias && q.ActionOn == p.Alias
}

// proposal is who is to be linked if the owner agrees.
type proposal struct {
	Owner   owner
	Visitor *visitor
}

// noteProposal is the note of an attempt whose user is asked whether to link a visitor. It is another than that of
// who signs in through a provider, so that neither can end in the other.
const noteProposal = "broker.link"

// proposed is whom the turn's user is asked to link to a provider; nil where they have yet to go there.
func proposed(t *authorize.Turn, p *Provider) (*visitor, error) {
	text := t.Attempt.Notes[noteProposal]
	if text == "" {
		return nil, nil
	}
	var kept proposal
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, fmt.Errorf("read whom to link: %w", err)
	}
	if kept.Visitor == nil || kept.Visitor.Provider != p.Alias || !kept.Owner.asks(t, p) {
		return nil, nil
	}
	return kept.Visitor, nil
}

// kind is that of the events of a trip.
func (r *trip) kind() event.Kind {
	if r.Owner != nil {
		return eventLink
	}
	return eventLogin
}
