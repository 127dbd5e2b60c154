package verify

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// exists finds the user of the token.
func exists(ctx context.Context, q *question) error {
	u, err := q.user(ctx)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(UserGone)
	case err != nil:
		return err
	}
	q.User = u
	return nil
}

// person finds the user of the token, who must be enabled. A service account is as long as its client may have
// one, whichever client the token was issued to.
func person(ctx context.Context, q *question) error {
	if err := exists(ctx, q); err != nil {
		return err
	}
	if !q.User.MayActIn(q.Realm) {
		return refuse(UserDisabled)
	}
	return nil
}

// user is who the session is of, since "sub" may be a pseudonym. Without a session it is the client's
// service account, or, after an exchange, the one that "sub" names.
func (q *question) user(ctx context.Context) (*user.User, error) {
	users := q.verifier.Users
	switch {
	case q.Session != nil:
		return users.User(ctx, q.Realm.Key, q.Session.UserID)
	case q.Token.Origin.Grant == token.ByClientCredentials:
		return users.ServiceAccount(ctx, q.Realm.Key, q.Client.Key)
	}
	return users.User(ctx, q.Realm.Key, q.Token.Subject)
}
