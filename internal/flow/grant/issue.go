package grant

import (
	"context"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

// issue is what is to be given out, decided and not minted yet.
type issue struct {
	user    *user.User
	session *session.Session     // without an ID where none is kept
	grant   *session.Grant       // what the client holds in it; nil where nothing is kept
	found   *audience.Resolution // where the access token may be used
	origin  token.Origin
	expires time.Time // of access and ID token

	path    []token.Hop  // the exchanges behind it
	actor   *token.Actor // who acts by it; nil: who it speaks of
	mayAct  *token.Actor // who may; nil: what mappers say
	openID  bool         // an ID token beside the access token
	nonce   string       // of the authorization request, for the ID token
	refresh *family      // a refresh token too; nil: none
}

// family is where a refresh token belongs.
type family struct {
	id     string          // jti of the token
	reuse  string          // reuse_id, where tokens rotate
	before *token.Verified // whose scope and resources it keeps whatever was asked for; nil: it is the first
	until  time.Time       // when the token expires; zero: it does not say
}

// resolve finds where a token may be used that the client gets for u under s.
func (t *turn) resolve(u *user.User, s *session.Session, scope string) *audience.Resolution {
	use := mapper.Access
	if t.client.Tokens.Lightweight {
		use = mapper.Lightweight
	}
	found := audience.Resolve(audience.Request{
		Realm: t.at.Realm, Issuer: t.at.Realm.Issuer(t.at.Base), Client: t.client,
		User: u, Session: s, Scope: scope, Audiences: t.targets, KeepScopes: true, Use: use, Explain: t.keepsTrace(false),
	})
	t.event.Trace = found.Trace
	t.event.Decision.Resolved(&found, t.resources)
	return &found
}

// accessExpires is when an access token ends that the client gets now.
func (t *turn) accessExpires(s *session.Session, g *session.Grant) time.Time {
	if g == nil {
		g = &session.Grant{Started: t.at.Now}
	}
	return session.AccessExpires(t.at.Realm, t.client, s, g, t.at.Now)
}

// newFamily begins a family of refresh tokens.
func (t *turn) newFamily(s *session.Session, g *session.Grant) *family {
	f := &family{id: t.NewID(), until: session.RefreshExpires(t.at.Realm, t.client, s, g, t.at.Now)}
	if t.at.Realm.Lifespans.RotateRefresh {
		f.reuse = t.NewID()
	}
	return f
}

// issue mints and signs the tokens, and composes the answer.
func (t *turn) issue(ctx context.Context, w issue) (*Response, error) {
	if err := w.found.Reached(t.resources); err != nil {
		return nil, err
	}
	if err := t.outwait(ctx, w.session); err != nil {
		return nil, err
	}
	request := t.mintRequest(w)
	access := mint.Access(t.accessRequest(request))
	t.event.Set("token_id", access.Claims.ID)
	signed, err := t.sign(ctx, t.client.Tokens.AccessAlg, &access.Claims)
	if err != nil {
		return nil, err
	}
	t.event.Decision.Gave(oauth.TypeAccessToken, signed, &access.Claims, w.found)
	resp := t.answer(w, request)
	resp.AccessToken, resp.TokenType = signed, t.tokenType()
	if err := t.addRefreshToken(ctx, resp, w, request, &access.Claims); err != nil {
		return nil, err
	}
	if w.openID {
		if resp.IDToken, err = t.idToken(ctx, request, signed); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// outwait waits until the tokens of this turn can be told from those that were taken back a moment ago.
func (t *turn) outwait(ctx context.Context, s *session.Session) error {
	if s == nil || len(s.Ended) == 0 {
		return nil
	}
	until := s.TakenBack(t.client.Key)
	wait := until.Sub(t.at.Now)
	if wait <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
	}
	t.at.Now = until
	return nil
}

// issueIDToken gives out an ID token alone, where an exchange asks for one (RFC 8693 §2.2.1: it stands
// where the access token would).
func (t *turn) issueIDToken(ctx context.Context, w issue) (*Response, error) {
	request := t.mintRequest(w)
	resp := t.answer(w, request)
	resp.TokenType = "N_A"
	var err error
	resp.AccessToken, err = t.idToken(ctx, request, "")
	return resp, err
}

// mintRequest is what mint is told of every token of the issue.
func (t *turn) mintRequest(w issue) mint.Request {
	w.origin.Lightweight = t.client.Tokens.Lightweight
	return mint.Request{
		For: w.found, Base: t.at.Base, Grant: w.grant, Confirmation: t.confirmation(),
		ID: t.NewID(), Origin: w.origin, Now: t.at.Now, Expires: w.expires, Nonce: w.nonce,
		Path: w.path, Actor: w.actor, MayAct: w.mayAct, Resources: t.resources,
	}
}

// answer is the response without its tokens.
func (t *turn) answer(w issue, request mint.Request) *Response {
	scope := w.found.ScopeClaim()
	t.event.Set("scope", scope)
	return &Response{
		ExpiresIn: w.expires.Unix() - t.at.Now.Unix(),
		NotBefore: t.notBefore(w.user),
		Session:   w.session.ID,
		Scope:     scope,
		Other:     mint.Response(request),
	}
}

// addRefreshToken puts the refresh token into the answer, where the issue has one.
func (t *turn) addRefreshToken(ctx context.Context, resp *Response, w issue, request mint.Request, access *token.Claims) error {
	if w.refresh == nil {
		return nil
	}
	request.ID, request.Expires = w.refresh.id, w.refresh.until
	minted := mint.Refresh(request, access)
	minted.Claims.ReuseID = w.refresh.reuse
	if before := w.refresh.before; before != nil {
		minted.Claims.Scope = before.Scope
		if before.RequestedResource != nil {
			minted.Claims.RequestedResource, minted.Claims.RequestedAudience = before.RequestedResource, before.RequestedAudience
		}
	}
	signed, err := t.Keys.Sign(ctx, t.at.Realm, keyring.Internal, headerJWT, &minted.Claims)
	if err != nil {
		return err
	}
	resp.RefreshToken = signed
	t.event.Decision.GaveRefresh()
	if !w.refresh.until.IsZero() {
		resp.RefreshExpiresIn = w.refresh.until.Unix() - t.at.Now.Unix()
	}
	return nil
}

// idToken is the ID token that goes with a signed access token; "" where there is none.
func (t *turn) idToken(ctx context.Context, request mint.Request, access string) (string, error) {
	request.ID = t.NewID()
	minted := mint.ID(request, access, t.idAlg())
	signed, err := t.Keys.Sign(ctx, t.at.Realm, t.client.Tokens.IDAlg, headerJWT, &minted.Claims)
	if access == "" { // it is what was asked for
		t.event.Set("token_id", token.NewID(request.Origin, request.ID)) // as of the access token in whose place it is
		t.event.Decision.Gave(oauth.TypeIDToken, signed, &minted.Claims, request.For)
	}
	return signed, err
}

// The header "typ" of tokens.
const (
	headerJWT   = "JWT"
	headerATJWT = "at+jwt" // RFC 9068 §2.1
)

// sign signs an access token.
func (t *turn) sign(ctx context.Context, alg string, c *token.Claims) (string, error) {
	typ := headerJWT
	if t.client.Tokens.HeaderATJWT {
		typ = headerATJWT
	}
	return t.Keys.Sign(ctx, t.at.Realm, alg, typ, c)
}

// idAlg is the algorithm that signs ID tokens for the client.
func (t *turn) idAlg() string {
	if alg := t.client.Tokens.IDAlg; alg != "" {
		return alg
	}
	return t.at.Realm.SignatureAlg
}

// tokenType is the token_type of access tokens, as the client wants it spelled.
func (t *turn) tokenType() string {
	typ := token.TypBearer
	if t.proof != nil && !t.verdict.BearerAccess {
		typ = token.TypDPoP
	}
	if t.client.Tokens.LowerCaseBearer {
		typ = strings.ToLower(typ)
	}
	return typ
}

// asks tells whether a scope parameter has a word.
func asks(scope, word string) bool {
	for w := range strings.SplitSeq(scope, " ") {
		if w == word {
			return true
		}
	}
	return false
}

// asksOffline tells whether offline access is in play, asked for or by default, and of use.
func (t *turn) asksOffline() bool { return t.at.Realm.AsksOffline(t.client, t.scope()) }
