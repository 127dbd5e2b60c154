package broker

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// join links the visitor to the user who asked for it and is still signed in. other is who is linked to them now, or
// nil.
func (b *Broker) join(ctx context.Context, t *authorize.Turn, p *Provider, way trip, who *visitor, other *user.User) (*authorize.Outcome, error) {
	t.Event.Kind = eventLink
	if t.User == nil || t.User.ID != way.Link {
		return b.Sign.ShowError(ctx, t, refusal(failedProvider, "the user who asked for the link is not signed in"), badRequest, page.T(unexpected)), nil
	}
	t.Event.UserID = t.User.ID
	taken := func() *authorize.Outcome {
		return b.Sign.ShowError(ctx, t, refusal(failedFirstLogin, "linked to another user"), conflict, page.T("identityProviderAlreadyLinkedMessage", p.Name))
	}
	if other != nil && other.ID != t.User.ID {
		return taken(), nil
	}
	err := b.attach(ctx, t, p, t.User.ID, user.Link{Provider: p.Alias, Subject: who.Person.ID, Username: who.Person.Username}, nil)
	if _, linked := errors.AsType[*fault.Conflict](err); linked {
		return taken(), nil
	}
	if err != nil {
		return nil, err
	}
	if err := b.keepTokens(ctx, t, p, who, t.User.ID); err != nil {
		return nil, err
	}
	b.Sign.Record(ctx, t, nil)
	t.Event.Kind = "LOGIN"
	t.Attempt.Outcome = "success"
	if t.User, err = b.Users.User(ctx, t.Realm().Key, t.User.ID); err != nil {
		return nil, err
	}
	return b.Sign.Advance(ctx, t)
}
