package grant

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// FrontRequest asks for tokens that the authorization endpoint gives out itself: those of the implicit and the
// hybrid flow (OpenID Connect Core §3.2, §3.3). The user has signed in.
type FrontRequest struct {
	At       verify.At
	Client   *realm.Client
	User     *user.User
	Session  *session.Session
	Grant    *session.Grant
	Token    bool   // an access token
	IDToken  bool   // an ID token
	Nonce    string // of the request
	Resource string // of the request; empty: none
	Code     string // that goes with the tokens; empty: none, and the access token lives as the implicit flow's do
	State    string // of the request; empty: none
}

// FrontResponse is what was asked for.
type FrontResponse struct {
	AccessToken, IDToken string
	ID, Scope            string // what the access token says; empty without one
	TokenType            string
	ExpiresIn            int64 // seconds
}

// ErrUnbound refuses what would give a client access tokens that are bound to nothing, and wants none such: nobody can
// prove a key in an authorization request.
var ErrUnbound = oauth.Errorf(oauth.UnauthorizedClient,
	"Access tokens of the client are bound to a key, and given out by the token endpoint only").
	InEvent("not_allowed", "access tokens of the client are bound")

// Front gives out tokens in the answer of the authorization endpoint. Whoever calls it records the event.
func (i *Issuer) Front(ctx context.Context, q FrontRequest) (*FrontResponse, error) {
	if q.Token && q.Client.Tokens.Bound() {
		return nil, ErrUnbound
	}
	t := &turn{Issuer: i, at: q.At, client: q.Client, call: Call{Base: q.At.Base, Scope: &q.Grant.Scope}}
	w := issue{user: q.User, session: q.Session, grant: q.Grant, nonce: q.Nonce,
		origin: token.Origin{Session: token.Online, Grant: token.ByUnknown}}
	if q.Resource != "" {
		if err := t.within([]string{q.Resource}); err != nil {
			return nil, err
		}
	}
	w.found = t.resolve(q.User, q.Session, q.Grant.Scope)
	w.expires = t.accessExpires(q.Session, q.Grant)
	if q.Code == "" && q.At.Realm.Lifespans.AccessTokenImplicit > 0 {
		r := *q.At.Realm // the implicit flow has a lifespan of its own
		r.Lifespans.AccessToken = r.Lifespans.AccessTokenImplicit
		w.expires = session.AccessExpires(&r, q.Client, q.Session, q.Grant, q.At.Now)
	}
	request := t.mintRequest(w)
	out := &FrontResponse{}
	if err := w.found.Reached(t.resources); err != nil {
		return nil, err
	}
	if q.Token {
		access := mint.Access(request)
		signed, err := t.sign(ctx, q.Client.Tokens.AccessAlg, &access.Claims)
		if err != nil {
			return nil, err
		}
		out.AccessToken, out.TokenType, out.ExpiresIn = signed, t.tokenType(), w.expires.Unix()-q.At.Now.Unix()
		if out.ID = access.Claims.ID; access.Claims.Scope != nil {
			out.Scope = *access.Claims.Scope
		}
	}
	if !q.IDToken {
		return out, nil
	}
	var err error
	out.IDToken, err = t.frontIDToken(ctx, request, q, out.AccessToken)
	return out, err
}

// frontIDToken is the ID token that vouches for what comes with it (OpenID Connect Core §3.3.2.11).
func (t *turn) frontIDToken(ctx context.Context, request mint.Request, q FrontRequest, access string) (string, error) {
	request.ID = t.NewID()
	alg := t.idAlg()
	minted := mint.ID(request, access, alg)
	if q.Code != "" {
		minted.Claims.CodeHash = mint.HalfHash(alg, q.Code)
	}
	if q.State != "" {
		minted.Claims.StateHash = mint.HalfHash(alg, q.State)
	}
	return t.Keys.Sign(ctx, t.at.Realm, t.client.Tokens.IDAlg, headerJWT, &minted.Claims)
}
