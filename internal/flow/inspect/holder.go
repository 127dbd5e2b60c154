package inspect

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Holder is who stands behind an access token, and what the token lets them do.
type Holder struct {
	Client    *realm.Client // that the token was issued to
	User      *user.User
	Session   string // in which they signed in; empty for a token without
	Scope     string // parameter "scope" that the token came by
	Audiences []string

	// Roles are those that the user has now and that the token may carry, with all that these include.
	Roles *realm.RoleSet
}

// Holder tells who stands behind an access token of a realm. A refusal is a *verify.Failure. Whether the token is
// meant for the caller is the caller's to ask.
func (i *Inspector) Holder(ctx context.Context, r *realm.Realm, base string, p verify.Presented) (*Holder, error) {
	t := &turn{Inspector: i, at: verify.At{Realm: r, Base: base, Now: i.Now()}}
	held, err := i.Verifier.Presented(ctx, t.at, p)
	switch {
	case err != nil:
		return nil, err
	case !r.Enabled:
		return nil, &verify.Failure{Reason: verify.ClientDisabled, Cause: errRealmOff}
	}
	out := &Holder{Client: held.Client, User: held.User, Session: held.Token.Session, Scope: held.Token.Scopes(),
		Audiences: held.Token.Audience, Roles: t.roles(&held)}
	if held.Token.Origin.Lightweight { // such a token leaves to introspection what it is for
		made := mint.Introspection(t.request(&held, mapper.Introspection), &held.Token.Claims)
		out.Audiences = made.Claims.Audience
	}
	return out, nil
}
