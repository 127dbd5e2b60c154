package grant

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// ClientCredentials gives a client a token for itself.
func (i *Issuer) ClientCredentials(ctx context.Context, q ClientCredentialsRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.ClientLogin, oauth.ClientCredentials, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() { t.end(ctx, err) }()

	if err := t.authenticate(ctx); err != nil {
		return nil, err
	}
	u, err := t.serviceAccount(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.checkScope(); err != nil {
		return nil, err
	}
	if err := t.police(ctx, t.asked(policy.ClientCredentials)); err != nil {
		return nil, err
	}
	if t.client.Tokens.ServiceRefresh {
		s, g := t.newSession(u, oauth.ClientCredentials)
		s.Notes = t.callerNotes()
		return t.start(ctx, u, s, g, token.ByClientCredentials)
	}
	s := &session.Session{UserID: u.ID, Username: u.Username, Started: t.at.Now, Notes: t.callerNotes()}
	return t.issue(ctx, issue{
		user: u, session: s, found: t.resolve(u, s, t.scope()),
		origin:  token.Origin{Session: token.Transient, Grant: token.ByClientCredentials},
		expires: t.accessExpires(s, nil), openID: asks(t.scope(), oauth.ScopeOpenID),
	})
}

// callerNotes are what the mappers of service accounts tell: which client, and from where.
func (t *turn) callerNotes() map[string]string {
	return map[string]string{
		"client_id": t.client.ID, "clientId": t.client.ID, // the mapper of old realm files reads the second
		"clientHost": t.call.Address, "clientAddress": t.call.Address,
	}
}

// serviceAccount is the user that the client is when it acts for itself.
func (t *turn) serviceAccount(ctx context.Context) (*user.User, error) {
	unauthorized := func(text string) *oauth.Error {
		return oauth.Errorf(oauth.UnauthorizedClient, "%s", text).WithStatus(401).InEvent("invalid_client", text)
	}
	const none = "Client not enabled to retrieve service account"
	switch {
	case t.client.Public:
		return nil, unauthorized("Public client not allowed to retrieve service account")
	case !t.client.ServiceAccounts:
		return nil, unauthorized(none)
	}
	u, err := t.Users.ServiceAccount(ctx, t.at.Realm.Key, t.client.Key)
	switch {
	case errors.Is(err, fault.ErrNotFound): // an administrator deleted it
		return nil, unauthorized(none).InEvent("user_not_found", none).Because(err)
	case err != nil:
		return nil, err
	}
	t.about(u)
	if !u.Enabled {
		return nil, oauth.Errorf(oauth.InvalidRequest, "User '%s' disabled", u.Username).
			WithStatus(401).InEvent("user_disabled", "")
	}
	return u, t.count(ctx, realm.ByUser, u.ID)
}
