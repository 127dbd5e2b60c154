package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Held is a token and all that stands behind it.
type Held struct {
	Token   token.Verified
	Client  *realm.Client    // that it was issued to
	User    *user.User       // who it speaks of
	Session *session.Session // nil for tokens that no session is kept for
	Grant   *session.Grant   // what Client holds in Session; nil for tokens that need none (tr, nt, ft)
}

// AccessToken checks an access token of the realm and all that stands behind it. A refusal is a
// *Failure; Held has then what had been established by then, for the event only.
func (v *Verifier) AccessToken(ctx context.Context, at At, compact string) (Held, error) {
	panic("provisional")
}

// Subject checks the subject token of an exchange: an access token, by the same rules.
func (v *Verifier) Subject(ctx context.Context, at At, compact string) (Held, error) {
	panic("provisional")
}

// RefreshToken checks a refresh or offline token presented by client, in the order in which Keycloak
// looks, which decides the text of the refusal. Reuse of rotated tokens and consent are the grant's
// to check.
func (v *Verifier) RefreshToken(ctx context.Context, at At, client *realm.Client, compact string) (Held, error) {
	panic("provisional")
}
