package verify

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// The ways a client proves who it is: Keycloak's names of authenticators, which are also what the
// event's detail "client_auth_method" says.
const (
	MethodSecret     = "client-secret"     // client_secret_basic, client_secret_post, and public clients
	MethodSecretJWT  = "client-secret-jwt" // client_secret_jwt
	MethodPrivateKey = "client-jwt"        // private_key_jwt
	MethodForeign    = realm.MethodForeign // a token of another issuer
	MethodX509       = "client-x509"       // tls_client_auth
)

// ClientAuth is a client that proved who it is. Beside an error Client is nil, and Method empty unless all that is
// wrong is the client's protocol.
type ClientAuth struct {
	ID     string // client_id as the caller gave it, known or not
	Client *realm.Client
	Method string // Keycloak's name of the client's authenticator

	assertion *assertion
}

// Signed is the assertion that proved the client, for client policies; nil where something else did.
func (a *ClientAuth) Signed() *policy.Assertion {
	if a.Client == nil || a.assertion == nil || a.Client.Public || a.Method == MethodSecret {
		return nil
	}
	return &policy.Assertion{Alg: a.assertion.jws.Header.Alg, Audience: a.assertion.Audience}
}

// Note puts what was said about the client, proven or not, into an event.
func (a *ClientAuth) Note(ev *event.Event) {
	ev.Client = a.ID
	ev.Set("client_auth_method", a.Method)
	if a.assertion != nil {
		ev.Set("client_assertion_id", a.assertion.ID)
		ev.Set("client_assertion_issuer", a.assertion.Issuer)
		ev.Set("client_assertion_sub", a.assertion.Subject)
	}
}

// Keycloak tells a caller the same of every client it cannot prove, but for the code.
const notProven = "Invalid client or Invalid client credentials"

var (
	errUnknownClient  = oauth.Errorf(oauth.InvalidClient, notProven).WithStatus(401).InEvent("client_not_found", "")
	errDisabledClient = oauth.Errorf(oauth.InvalidClient, notProven).WithStatus(401).InEvent("client_disabled", "")
	errAuthenticator  = oauth.Errorf(oauth.InvalidClient, notProven).WithStatus(401).InEvent("invalid_client_credentials", "")
	errSecret         = oauth.Errorf(oauth.UnauthorizedClient, notProven).WithStatus(401).InEvent("invalid_client_credentials", "")
	errProtocol       = oauth.Errorf(oauth.InvalidClient, "Wrong client protocol.").InEvent("invalid_client", "")
)

// ErrBearerOnly is what token endpoint and revocation answer a bearer-only client that has proven
// who it is.
var ErrBearerOnly = oauth.Errorf(oauth.InvalidClient, "Bearer-only not allowed").InEvent("invalid_client", "")

// Client authenticates the client behind a request (RFC 6749 §2.3, RFC 7523 §2.2), by the one method
// that the client is set up for. Public clients only name themselves. The form wins over the header. Errors
// are *oauth.Error with Keycloak's texts and event names, or technical.
func (v *Verifier) Client(ctx context.Context, at At, c Credentials) (ClientAuth, error) {
	id, secret := c.named()
	auth := ClientAuth{assertion: c.asserted()}
	workload := c.workload(at.Realm, auth.assertion)
	switch {
	case id != nil:
		auth.ID = *id
	case workload.client != nil:
		auth.ID = workload.client.ID
	default:
		auth.ID = c.names(auth.assertion)
	}

	client := at.Realm.Client(auth.ID)
	switch {
	case client == nil:
		return auth, errUnknownClient
	case !client.Enabled:
		return auth, errDisabledClient
	}

	method, err := client.Authenticator, error(nil)
	switch {
	case client.Public, method == "", method == MethodSecret:
		method = MethodSecret
		if id == nil { // named by an assertion, which is not how this client proves itself
			return auth, errUnknownClient
		}
		auth.assertion = nil // not looked at
		err = proveSecret(client, at, &c, secret)
	case method == MethodSecretJWT, method == MethodPrivateKey:
		err = v.assertion(ctx, at, client, &c, auth.assertion)
	case method == MethodForeign:
		err = v.foreign(ctx, at, client, workload, auth.assertion)
	case method == MethodX509:
		if id == nil {
			return auth, errUnknownClient
		}
		if !certified(client, at, c.Certificate) {
			err = errAuthenticator
		}
	default: // kept, not acted on
		err = errAuthenticator
	}
	if err != nil {
		return auth, err
	}
	auth.Method = method
	if !client.OIDC() {
		return auth, errProtocol
	}
	auth.Client = client
	return auth, nil
}

// proveSecret refuses a client whose secret is not its own, or does not come in the way that the client is set up for.
func proveSecret(client *realm.Client, at At, c *Credentials, secret *string) error {
	switch {
	case client.Public:
		return nil
	case secret != nil && client.SecretMethod != "" && client.SecretMethod != c.secretMethod():
		return errMethod(client.SecretMethod)
	case !secretOf(client, at, secret):
		return errSecret
	}
	return nil
}

// errMethod refuses a secret that came in another way than this one, whatever it is.
func errMethod(method string) *oauth.Error {
	return oauth.Errorf(oauth.UnauthorizedClient,
		"Invalid method used to get client secret. Client requires method '%s' to obtain client secret from the request", method).
		WithStatus(401).InEvent("invalid_client_credentials", "")
}

// secretOf tells whether the secret is the client's, or the one before while that is still good.
func secretOf(c *realm.Client, at At, secret *string) bool {
	if secret == nil {
		return false
	}
	for _, good := range secrets(c, at) {
		if same(*secret, good) {
			return true
		}
	}
	return false
}

// secrets are the secrets that prove a client now. An empty one proves nothing.
func secrets(c *realm.Client, at At) []string {
	var out []string
	if c.Secret != "" {
		out = append(out, c.Secret)
	}
	if c.RotatedSecret != "" && at.Now.Before(c.RotatedUntil) {
		out = append(out, c.RotatedSecret)
	}
	return out
}

// same compares in time that depends neither on where two strings differ nor on their lengths.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
