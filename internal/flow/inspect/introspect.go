package inspect

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// IntrospectRequest asks what a token says (RFC 7662 §2.1).
type IntrospectRequest struct {
	Realm       string // its name
	Base        string // the server's URL as the caller reaches it
	Address     string // the caller's
	Credentials verify.Credentials
	Repeated    bool    // a parameter that may come once came more often
	Token       *string // nil where absent
	Hint        *string // parameter "token_type_hint"
	JWT         bool    // header Accept asks for application/jwt
}

// Introspect tells what a token says to a client that may know: the members of the answer, "active"
// among them. Of a token that is not active, or not for the caller, it says {"active":false} and nothing else.
func (i *Inspector) Introspect(ctx context.Context, q IntrospectRequest) (token.Object, error) {
	panic("provisional")
}
