package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
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

// The values of parameter "token_type_hint". Keycloak takes no other, though RFC 7662 §2.1 has them passed over.
const (
	hintAccess  = "access_token"
	hintRefresh = "refresh_token"
	hintRPT     = "requesting_party_token" // UMA: a token that may carry permissions
)

// bad is a request that cannot be looked at, recorded with its text.
func bad(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_request", text)
}

var (
	errRepeated  = bad("duplicated parameter")
	errPublic    = bad("Client not allowed.").WithStatus(403)
	errNoToken   = bad("Token not provided.")
	errHint      = bad("Unsupported token type.")
	errSpent     = oauth.Errorf(oauth.InvalidToken, "").InEvent("invalid_token", "Stale token")
	errNotProven = oauth.Errorf(oauth.InvalidClient, "Client authentication failed.").WithStatus(401)
)

// Introspect tells what a token says to a client that may know: the members of the answer, "active"
// among them. Of a token that is not active, or not for the caller, it says {"active":false} and nothing else.
func (i *Inspector) Introspect(ctx context.Context, q IntrospectRequest) (answer *token.Claims, err error) {
	t, err := i.begin(ctx, event.IntrospectToken, q.Realm, q.Base, q.Address)
	if err != nil {
		return nil, err
	}
	var quiet error // why the token is called inactive: for the event, not for the caller
	defer func() {
		if err != nil {
			quiet = err
		}
		t.end(ctx, quiet)
	}()

	caller, err := t.caller(ctx, q)
	if err != nil {
		return nil, err
	}
	held, quiet, err := t.held(ctx, q)
	if err != nil || quiet != nil {
		return inactive(), err
	}
	if err := t.count(ctx, realm.ByUser, held.User.ID); err != nil {
		return nil, err
	}
	made := mint.Introspection(t.request(&held, mapper.Introspection), &held.Token.Claims)
	if quiet = mayKnow(caller, q.Hint, &held, &made.Claims); quiet != nil {
		return inactive(), nil
	}
	if q.Hint != nil && *q.Hint == hintRPT {
		return brief(&held.Token.Claims), nil
	}
	return t.tell(ctx, q, caller, &held, &made.Claims)
}

// caller authenticates the client that asks. Only those that can keep a secret may.
func (t *turn) caller(ctx context.Context, q IntrospectRequest) (*realm.Client, error) {
	if !t.at.Realm.Enabled {
		return nil, errRealmOff
	}
	if err := t.count(ctx, realm.ByAddress, q.Address); err != nil {
		return nil, err
	}
	auth, err := t.Verifier.Client(ctx, t.at, q.Credentials)
	auth.Note(&t.event)
	switch {
	case err != nil:
		return nil, notProven(err)
	case auth.Client.Public:
		return nil, errPublic
	case q.Repeated:
		return nil, errRepeated
	}
	if err := t.count(ctx, realm.ByClient, auth.Client.Key); err != nil {
		return nil, err
	}
	return auth.Client, t.police(ctx, auth.Client, policy.Facts{Stage: policy.Introspection, Method: auth.Method, Assertion: auth.Signed()})
}

// count refuses a request that is one too many for whom it is counted by, where the realm has a limit.
func (t *turn) count(ctx context.Context, by realm.Axis, who string) error {
	if !t.at.Realm.Limits.On() {
		return nil
	}
	return t.Limits.Allow(ctx, t.at.Realm, limit.Request{Asked: realm.AskedIntrospection, By: by, Who: who, Now: t.at.Now})
}

// notProven gives failed authentication the words that only this endpoint has for it. Who is not known at
// all, or sent something that cannot prove them, hears what they hear elsewhere.
func notProven(err error) error {
	refused, ok := err.(*oauth.Error)
	if !ok || refused.Status != 401 || refused.Event == "client_not_found" || refused.Event == "client_disabled" {
		return err
	}
	return errNotProven.InEvent(refused.Event, refused.Reason).Because(err)
}

// held verifies the token. That it is not active is quiet.
func (t *turn) held(ctx context.Context, q IntrospectRequest) (h verify.Held, quiet, err error) {
	if q.Token == nil {
		return h, nil, errNoToken
	}
	hint := hintAccess
	if q.Hint != nil {
		hint = *q.Hint
	}
	switch hint {
	case hintRPT:
		h, err = t.Verifier.AccessToken(ctx, t.at, *q.Token)
	case hintAccess, hintRefresh:
		h, err = t.Verifier.AnyToken(ctx, t.at, *q.Token)
	default:
		return h, nil, errHint
	}
	if why := verify.Why(err); why != "" {
		quiet, err = oauth.Errorf(oauth.InvalidToken, "").InEvent(why.Event(), string(why)), nil
	}
	t.about(&h)
	t.event.Set("token_id", h.Token.ID)
	t.event.Set("token_type", h.Token.Type)
	t.event.Set("token_issued_for", h.Token.Client)
	switch {
	case quiet != nil:
	case hint == hintRefresh && !h.Token.Refreshes():
		quiet = oauth.Errorf(oauth.InvalidToken, "").InEvent("invalid_token", string(verify.WrongType))
	case t.spent(&h):
		quiet = errSpent
	}
	return h, quiet, err
}

// spent tells whether a refresh token was used up, where they rotate: asking does not use it.
func (t *turn) spent(h *verify.Held) bool {
	l := &t.at.Realm.Lifespans
	if h.Grant == nil || !h.Token.Refreshes() || !l.RotateRefresh {
		return false
	}
	_, err := h.Grant.Rotate(session.Use{Family: h.Token.Family(), Token: h.Token.ID, Reuse: l.RefreshReuse, Now: t.at.Now})
	return err != nil
}

// mayKnow refuses a caller for whom the token is not meant: one that its audience does not name, whichever
// client it was issued to (Keycloak CVE-2026-37979). A token without an audience has that which mappers give it now.
// Refresh tokens are for the realm alone: of its own a client is told where it says that it asks of one.
func mayKnow(caller *realm.Client, hint *string, h *verify.Held, made *token.Claims) error {
	if hint != nil && *hint == hintRefresh && h.Token.Refreshes() && h.Client.Key == caller.Key {
		return nil
	}
	audience := h.Token.Audience
	if len(audience) == 0 {
		audience = made.Audience
	}
	if caller.Tokens.IntrospectAnyone || slices.Contains(audience, caller.ID) {
		return nil
	}
	return oauth.Errorf(oauth.InvalidToken, "").
		InEvent("invalid_token", fmt.Sprintf("Client '%s' is not in the token audience", caller.ID))
}

// inactive is all that is said of a token that is not active (RFC 7662 §2.2).
func inactive() *token.Claims {
	return &token.Claims{Other: token.Object{{Name: "active", Value: false}}}
}

// brief is what is told of a token that could carry permissions.
func brief(c *token.Claims) *token.Claims {
	return &token.Claims{
		ID: c.ID, Type: c.Type, Audience: c.Audience, ACR: c.ACR,
		Expires: c.Expires, IssuedAt: c.IssuedAt, NotBefore: c.NotBefore,
		Other: token.Object{{Name: "active", Value: true}},
	}
}

// tell completes the claims with what introspection adds to them.
func (t *turn) tell(ctx context.Context, q IntrospectRequest, caller *realm.Client, h *verify.Held, c *token.Claims) (*token.Claims, error) {
	if c.Scope != nil && strings.TrimSpace(*c.Scope) == "" {
		c.Scope = nil
	}
	var signed string
	if q.JWT && caller.Tokens.IntrospectJWT {
		var err error
		if signed, err = t.Keys.Sign(ctx, t.at.Realm, caller.Tokens.AccessAlg, "JWT", c); err != nil {
			return nil, err
		}
	}
	c.Other.Set(c.Client, "client_id")
	if c.Other.Get("username") == nil {
		name, ok := c.Other.Get("preferred_username").(string)
		if !ok {
			name = h.User.Username
		}
		c.Other.Set(name, "username")
	}
	c.Other.Set(h.Token.Type, "token_type")
	if signed != "" {
		c.Other.Set(signed, "jwt")
	}
	c.Other.Set(true, "active")
	return c, nil
}
