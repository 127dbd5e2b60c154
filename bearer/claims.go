package bearer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Claims are what an access token says. Texts are empty and times zero where the token says nothing. Lists and maps are
// shared between requests: read them, do not change them.
type Claims struct {
	ID       string   // jti
	Issuer   string   // iss
	Subject  string   // sub: the user, or a client's service account; lightweight access tokens have none
	Audience []string // aud
	Client   string   // azp, or client_id: the client that the token was issued to
	Session  string   // sid
	Scopes   []string // scope
	ACR      string   // acr: how the user was authenticated

	Expires   time.Time // exp; never zero, but for an opaque token that the issuer tells no time of
	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf
	AuthTime  time.Time // auth_time

	Username      string // preferred_username
	Name          string // name
	Email         string // email
	EmailVerified bool   // email_verified

	RealmRoles  []string            // realm_access.roles, as Keycloak and Tokenhouse write them
	ClientRoles map[string][]string // resource_access.<client>.roles
	Groups      []string            // groups, likewise

	Confirmation *Confirmation // cnf: what the token is bound to; nil for a bearer token
	Actor        *Actor        // act: who acts for the subject (RFC 8693 §4.1)
	MayAct       *Actor        // may_act: who may (RFC 8693 §4.4)
	Path         []Hop         // exchange_path: the exchanges behind the token, oldest first

	payload json.RawMessage
}

// Confirmation binds a token to its holder (RFC 7800). Both fields are empty where it is bound in a way that is not known
// here; such a token is refused.
type Confirmation struct {
	Key         string // jkt: SHA-256 thumbprint of the DPoP key (RFC 9449 §6.1)
	Certificate string // x5t#S256: SHA-256 thumbprint of the TLS client certificate (RFC 8705 §3.1)
}

// Actor is who acts for the subject of a token, and, in Actor, for whom they act in turn.
type Actor struct {
	Subject string // sub
	Client  string // client_id
	Issuer  string // iss; empty: that of the token
	Actor   *Actor // act: who acted before
}

// Hop is one exchange behind a token: the client that the exchanged token was issued to, its jti, and its issuer where that
// is another one.
type Hop struct {
	Issuer, Client, ID string
}

// HasScope tells whether the token has a scope.
func (c *Claims) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// HasRealmRole tells whether the token carries a role of the realm.
func (c *Claims) HasRealmRole(role string) bool { return slices.Contains(c.RealmRoles, role) }

// HasClientRole tells whether the token carries a role of a client.
func (c *Claims) HasClientRole(client, role string) bool {
	return slices.Contains(c.ClientRoles[client], role)
}

// boundToKey tells whether the token takes a DPoP proof; nil claims tell of no token.
func (c *Claims) boundToKey() bool {
	return c != nil && c.Confirmation != nil && c.Confirmation.Key != ""
}

// Unmarshal decodes all claims into v, as json.Unmarshal does: for claims that have no field here. Claims that a test wrote down as a
// literal have no others: that is an error.
func (c *Claims) Unmarshal(v any) error { return json.Unmarshal(c.payload, v) }

// ReadClaims reads claims that did not come by a Verifier: of a token that somebody else has proven, or for a test. It proves nothing, and
// looks neither at issuer nor at times.
func ReadClaims(payload []byte) (*Claims, error) {
	c, _, err := readClaims(bytes.Clone(payload))
	if err != nil {
		return nil, fmt.Errorf("bearer: claims: %w", err)
	}
	return c, nil
}

// readClaims reads claims, of a token or of an introspection answer. What they mean is not looked at.
func readClaims(payload []byte) (*Claims, *reader, error) {
	m, err := readObject(payload)
	if err != nil {
		return nil, nil, err
	}
	r := &reader{members: m}
	c := &Claims{
		ID: r.text("jti"), Issuer: r.text("iss"), Subject: r.text("sub"), Audience: r.list("aud"), Client: r.text("azp"),
		Session: r.text("sid"), ACR: r.text("acr"),
		Expires: r.time("exp"), IssuedAt: r.time("iat"), NotBefore: r.time("nbf"), AuthTime: r.time("auth_time"),
		Username: r.text("preferred_username"), Name: r.text("name"), Email: r.text("email"), EmailVerified: r.flag("email_verified"),
		Confirmation: confirmation(r), Actor: actor(r, "act"), MayAct: actor(r, "may_act"), Path: path(r), payload: payload,
	}
	if c.Client == "" {
		c.Client = r.text("client_id")
	}
	if c.Scopes = r.list("scope"); len(c.Scopes) == 1 {
		c.Scopes = strings.Fields(c.Scopes[0])
	}
	c.roles(r)
	return c, r, r.err
}

// roles reads roles and groups as Keycloak writes them. An issuer that uses these names for something else gives none.
func (c *Claims) roles(r *reader) {
	lenient := &reader{members: r.members}
	c.Groups = lenient.list("groups")
	if realm := lenient.within("realm_access"); realm != nil {
		c.RealmRoles = realm.list("roles")
	}
	clients := lenient.within("resource_access")
	if clients == nil {
		return
	}
	c.ClientRoles = map[string][]string{}
	for name := range clients.members {
		if client := clients.within(name); client != nil {
			c.ClientRoles[name] = client.list("roles")
		}
	}
}

func confirmation(r *reader) *Confirmation {
	in := r.within("cnf")
	if in == nil {
		return nil
	}
	c := &Confirmation{Key: in.text("jkt"), Certificate: in.text("x5t#S256")}
	r.inherit(in)
	return c
}

func actor(r *reader, name string) *Actor {
	in := r.within(name)
	if in == nil {
		return nil
	}
	a := &Actor{Subject: in.text("sub"), Client: in.text("client_id"), Issuer: in.text("iss"), Actor: actor(in, "act")}
	r.inherit(in)
	return a
}

func path(r *reader) []Hop {
	var hops []object
	if !r.read("exchange_path", &hops) {
		return nil
	}
	out := make([]Hop, 0, len(hops))
	for _, hop := range hops {
		in := &reader{members: hop}
		out = append(out, Hop{Issuer: in.text("iss"), Client: in.text("client"), ID: in.text("jti")})
		r.inherit(in)
	}
	return out
}

// inherit takes over the error of what was read within.
func (r *reader) inherit(in *reader) {
	if r.err == nil {
		r.err = in.err
	}
}

// proven is what a request proved.
type proven struct {
	claims *Claims
	token  string
}

type contextKey struct{}

// FromContext gives the claims of the access token that the request came with, in a handler behind Require.
func FromContext(ctx context.Context) (*Claims, bool) {
	p, ok := ctx.Value(contextKey{}).(*proven)
	if !ok {
		return nil, false
	}
	return p.claims, true
}

// TokenFromContext gives the access token itself, in a handler behind Require: to exchange it for one that another service
// accepts, never to pass it on as it is.
func TokenFromContext(ctx context.Context) (string, bool) {
	p, ok := ctx.Value(contextKey{}).(*proven)
	if !ok {
		return "", false
	}
	return p.token, true
}

// NewContext gives a context that FromContext finds claims in: for handlers that verify tokens by VerifyRequest themselves,
// and for tests of handlers. The token may be empty.
func NewContext(ctx context.Context, c *Claims, token string) context.Context {
	return context.WithValue(ctx, contextKey{}, &proven{c, token})
}
