package inspect

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// UserInfoRequest asks for the claims of the user behind an access token.
type UserInfoRequest struct {
	Realm         string // its name
	Base          string // the server's URL as the caller reaches it
	Address       string // the caller's
	Origin        string // header Origin; one that the token's client does not allow is refused with oauth.InvalidOrigin
	Authorization string // the header, verbatim
	Sent          verify.Sent
	Form          *string // form parameter "access_token" of a POST; nil where absent
	Repeated      bool    // a form parameter came more than once
}

// UserInfo is the answer: Claims, or JWT where the client wants it signed.
type UserInfo struct {
	Claims token.Object
	JWT    string // answered as application/jwt where not empty
}

var (
	errNoBearer    = oauth.Errorf("", "").WithStatus(401).InEvent("invalid_token", "")
	errTwice       = bad("Duplicate parameter")
	errTwoTokens   = bad("More than one method used for including an access token")
	errOrigin      = oauth.Errorf(oauth.InvalidOrigin, "").InEvent("invalid_request", "invalid origin")
	errNoOpenID    = oauth.Errorf(oauth.InsufficientScope, "Missing openid scope").InEvent("access_denied", "Missing openid scope")
	errLightweight = invalidToken("Lightweight access token not allowed for userinfo endpoint", "invalid_token")
)

func invalidToken(text, name string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidToken, "%s", text).InEvent(name, text)
}

// UserInfo answers with claims of the user. An *oauth.Error goes into the WWW-Authenticate header, with an
// empty body; one with an empty Code has no other parameter than the realm (RFC 6750 §3).
func (i *Inspector) UserInfo(ctx context.Context, q UserInfoRequest) (answer *UserInfo, err error) {
	t, err := i.begin(ctx, event.UserInfoRequest, q.Realm, q.Base, q.Address)
	if err != nil {
		return nil, err
	}
	t.event.Set("auth_method", "validate_access_token")
	defer func() { t.end(ctx, err) }()

	if !t.at.Realm.Enabled {
		return nil, errRealmOff
	}
	p, err := presented(q)
	if err != nil {
		return nil, err
	}
	held, err := t.Verifier.Presented(ctx, t.at, p)
	t.about(&held)
	if c := held.Client; c != nil {
		t.event.Client = c.ID
		if q.Origin != "" && !c.AllowsOrigin(q.Base, q.Origin) {
			return nil, errOrigin
		}
	}
	if err != nil {
		if over(verify.Why(err)) && !openID(&held) { // Keycloak looks at the scope before it looks for the session
			return nil, errNoOpenID
		}
		return nil, refused(err)
	}
	if err := mayAsk(&held); err != nil {
		return nil, err
	}
	if err := t.police(ctx, held.Client, heldFacts(&held)); err != nil {
		return nil, err
	}
	claims := mint.UserInfo(t.request(&held, mapper.UserInfo))
	return t.answer(ctx, &held, claims)
}

// heldFacts are those of a token that was presented: with proof of what it is bound to, or it would not have been let in.
func heldFacts(h *verify.Held) policy.Facts {
	f := policy.Facts{Stage: policy.UserInfo, Scope: h.Token.Scopes(), ScopeSent: true}
	if c := h.Token.Confirmation; c != nil {
		f.Key, f.BoundKey, f.Certificate, f.BoundCert = c.JKT, c.JKT, c.Certificate, c.Certificate
	}
	return f
}

// presented finds the token: in the header or in the form, not in both (RFC 6750 §2). One in the query is not
// looked at.
func presented(q UserInfoRequest) (verify.Presented, error) {
	p := verify.ReadPresented(q.Authorization, q.Sent)
	switch {
	case q.Repeated:
		return p, errTwice
	case q.Form != nil && p.Token != "":
		return p, errTwoTokens
	case q.Form != nil:
		return verify.Bearer(*q.Form), nil // also an empty one, which is no good token
	case p.Token == "":
		return p, errNoBearer
	}
	return p, nil
}

// refused puts a refusal of the token in the words of this endpoint.
func refused(err error) error {
	if errors.Is(err, proof.ErrNonce) {
		return proof.ErrNonce.WithStatus(401)
	}
	why := verify.Why(err)
	text := "Token verification failed"
	switch why {
	case "":
		return err
	case verify.ClientDisabled:
		text = "Client disabled"
	case verify.UserDisabled:
		text = "User disabled"
	}
	if over(why) {
		text = "user_session_not_found"
	}
	return oauth.Errorf(oauth.InvalidToken, "%s", text).InEvent(why.Event(), string(why)).Because(err)
}

// over tells whether a token is refused for what stood behind it and is gone.
func over(why verify.Reason) bool {
	switch why {
	case verify.SessionGone, verify.OfflineGone, verify.OfflineExpired, verify.GrantGone, verify.GrantExpired, verify.UserGone:
		return true
	}
	return false
}

// openID tells whether the token's scope has "openid".
func openID(h *verify.Held) bool {
	return h.Token.Scope != nil && slices.Contains(strings.Fields(*h.Token.Scope), oauth.ScopeOpenID)
}

// mayAsk refuses a token that is good, but not for this.
func mayAsk(h *verify.Held) error {
	switch {
	case !openID(h):
		return errNoOpenID
	case h.Token.Origin.Lightweight && !h.Client.Tokens.UserInfoLightweight:
		return errLightweight
	}
	return nil
}

// answer signs the claims where the client wants that (OpenID Connect Core §5.3.2).
func (t *turn) answer(ctx context.Context, h *verify.Held, claims token.Object) (*UserInfo, error) {
	alg := h.Client.Tokens.UserInfoAlg
	if alg == "" {
		t.event.Set("signature_required", "false")
		return &UserInfo{Claims: claims}, nil
	}
	t.event.Set("signature_required", "true")
	t.event.Set("signature_algorithm", alg)
	subject, _ := claims.Get("sub").(string)
	for _, name := range []string{"sub", "iss", "aud"} {
		claims.Drop(name)
	}
	jwt, err := t.Keys.Sign(ctx, t.at.Realm, alg, "JWT", &token.Claims{
		Issuer:   t.at.Realm.Issuer(t.at.Base),
		Subject:  subject,
		Audience: []string{h.Client.ID},
		Other:    claims,
	})
	if err != nil {
		return nil, err
	}
	return &UserInfo{JWT: jwt}, nil
}
