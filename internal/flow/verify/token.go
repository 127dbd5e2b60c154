package verify

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Held is a token and all that stands behind it. All of it is shared and must not be changed.
type Held struct {
	Token   token.Verified
	Client  *realm.Client    // that it was issued to
	User    *user.User       // who it speaks of
	Session *session.Session // nil for tokens that no session is kept for
	Grant   *session.Grant   // what Client holds in Session; nil for tokens that need none (tr, nt, ft)
}

// AccessToken checks an access token of the realm and all that stands behind it. A refusal is a
// *Failure; Held has then what had been established by then, for the event only. Whether the token
// is meant for the caller (aud, scope) is the caller's to ask, and so is whether it is bound to a key (cnf): what lets
// somebody in by a token asks Presented.
func (v *Verifier) AccessToken(ctx context.Context, at At, compact string) (Held, error) {
	return v.check(ctx, at, compact, nil, accessRules)
}

// Subject checks the subject token of an exchange: an access token, by the same rules.
func (v *Verifier) Subject(ctx context.Context, at At, compact string) (Held, error) {
	return v.AccessToken(ctx, at, compact)
}

// StillSubject checks a subject token once more, as things stand now and not as a cache has them: issued to client,
// it was good a moment ago.
func (v *Verifier) StillSubject(ctx context.Context, at At, client *realm.Client, compact string) (Held, error) {
	return v.check(ctx, at, compact, client, accessRules)
}

// IDToken checks an ID token of the realm and all that stands behind it, by the same rules.
func (v *Verifier) IDToken(ctx context.Context, at At, compact string) (Held, error) {
	return v.check(ctx, at, compact, nil, idRules)
}

// AnyToken checks an access or a refresh token, by the same rules, whoever presents it.
func (v *Verifier) AnyToken(ctx context.Context, at At, compact string) (Held, error) {
	return v.check(ctx, at, compact, nil, anyRules)
}

// RefreshToken checks a refresh or offline token presented by client, in the order in which Keycloak
// looks, which decides the text of the refusal. Reuse of rotated tokens and consent are the grant's
// to check.
func (v *Verifier) RefreshToken(ctx context.Context, at At, client *realm.Client, compact string) (Held, error) {
	return v.check(ctx, at, compact, client, refreshRules)
}

// Issued checks a token of any kind, for a client that wants to take it back.
func (v *Verifier) Issued(ctx context.Context, at At, client *realm.Client, compact string) (Held, error) {
	return v.check(ctx, at, compact, client, issuedRules)
}

// SignedOut checks a refresh token by which its client ends a session. That token or session may be
// over already.
func (v *Verifier) SignedOut(ctx context.Context, at At, client *realm.Client, compact string) (Held, error) {
	return v.check(ctx, at, compact, client, signOutRules)
}

// latest is at with the realm as it is now: another node may just have made the key of a token.
func (v *Verifier) latest(ctx context.Context, at At) (At, error) {
	now, err := v.Realms.Latest(ctx, at.Realm.Key)
	if errors.Is(err, fault.ErrNotFound) {
		return at, nil // the realm is gone, and its keys with it
	}
	if err != nil {
		return at, err
	}
	at.Realm = now
	return at, nil
}

// check applies rules to a token, one after the other; the first that refuses ends it.
func (v *Verifier) check(ctx context.Context, at At, compact string, presenter *realm.Client, rules []rule) (Held, error) {
	var err error
	q := question{At: at, verifier: v, presenter: presenter}
	q.Token, err = v.seen.verify(at.Realm, compact)
	if errors.Is(err, token.ErrUnknownKey) && v.Realms != nil {
		if q.At, err = v.latest(ctx, at); err != nil {
			return q.Held, err
		}
		q.Token, err = v.seen.verify(q.At.Realm, compact)
	}
	if err != nil {
		return q.Held, &Failure{Unreadable, err}
	}
	origin, ok := token.ParseID(q.Token.ID)
	if !ok {
		return q.Held, &Failure{Unreadable, errOrigin}
	}
	q.Token.Origin = origin
	for _, r := range rules {
		if err := r.check(ctx, &q); err != nil {
			return q.Held, err
		}
	}
	return q.Held, nil
}
