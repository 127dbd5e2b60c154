package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Credentials are what a request says about the client that sends it. A form parameter that is absent
// is nil: absent and empty are answered differently.
type Credentials struct {
	Authorization string // the header, verbatim
	ID            *string
	Secret        *string
	AssertionType *string
	Assertion     *string
}

// The ways a client proves who it is, as the event's detail "client_auth_method" names them.
const (
	MethodSecret     = "client-secret"     // client_secret_basic, client_secret_post, and public clients
	MethodSecretJWT  = "client-secret-jwt" // client_secret_jwt
	MethodPrivateKey = "client-jwt"        // private_key_jwt
)

// ClientAuth is a client that proved who it is.
type ClientAuth struct {
	ID     string        // client_id as the caller gave it, known or not; also beside an error
	Client *realm.Client // nil beside an error
	Method string        // Keycloak's name of the client's authenticator; also beside an error, where known
}

// Client authenticates the client behind a request. The form wins over the header. Errors are
// *oauth.Error with Keycloak's texts and event names, or technical.
func (v *Verifier) Client(ctx context.Context, at At, c Credentials) (ClientAuth, error) {
	panic("provisional")
}
