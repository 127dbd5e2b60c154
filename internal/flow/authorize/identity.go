package authorize

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// The "typ" of tokens that only cookies hold, and the algorithm that they are signed with.
const (
	typIdentity = "Serialized-ID"
	typRestart  = "Restart"
	cookieAlg   = "HS512"
)

// Signer signs tokens.
type Signer interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
}

// Identify makes the cookies that prove a session to the realm: who has them is signed in. id is a new one.
func Identify(ctx context.Context, keys Signer, at verify.At, s *session.Session, id string) ([]Cookie, error) {
	life := at.Realm.Lifespans.SessionMax
	if s.Remember {
		life = max(life, at.Realm.Lifespans.SessionMaxRemember)
	}
	signed, err := keys.Sign(ctx, at.Realm, cookieAlg, "JWT", &token.Claims{ID: id, Type: typIdentity, Issuer: at.Realm.Issuer(at.Base),
		Subject: s.UserID, Session: s.ID, IssuedAt: at.Now.Unix(), Expires: at.Now.Add(life).Unix()})
	if err != nil {
		return nil, err
	}
	identity := Cookie{Name: CookieIdentity, Value: signed, HTTPOnly: true}
	if s.Remember {
		identity.MaxAge = life
	}
	return []Cookie{identity, {Name: CookieSession, Value: base64.RawURLEncoding.EncodeToString(fingerprint(s.ID)), MaxAge: life}}, nil
}

// fingerprint is what scripts of pages know a session or a browser by.
func fingerprint(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:]
}

// Forget are the cookies of a browser that is signed in no more.
func Forget() []Cookie {
	return []Cookie{{Name: CookieIdentity, HTTPOnly: true, Clear: true}, {Name: CookieSession, Clear: true}}
}

// Identities read the cookies that prove a session.
type Identities struct {
	Keys interface {
		Verify(r *realm.Realm, compact string) (token.Verified, error)
	}
	Sessions interface {
		Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
	}
	Users interface {
		User(ctx context.Context, realmKey, id string) (*user.User, error)
	}
}

// Identity is who a browser is signed in as.
type Identity struct {
	Session *session.Session // nil: nobody
	User    *user.User
	Stale   bool // the browser has a cookie that proves nothing any more
	Ended   bool // with Stale: the session is too old
}

// Of finds who a browser is signed in as: the session stands, and its user may sign in.
func (i *Identities) Of(ctx context.Context, at verify.At, cookies Cookies) (Identity, error) {
	text := cookies[CookieIdentity]
	if text == "" {
		return Identity{}, nil
	}
	t, err := i.Keys.Verify(at.Realm, text)
	if err != nil || !proves(&t, at) {
		return Identity{Stale: true}, nil
	}
	s, err := i.Sessions.Session(ctx, at.Realm.Key, t.Session, false)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return Identity{Stale: true}, nil
	case err != nil:
		return Identity{}, err
	case s.UserID != t.Subject:
		return Identity{Stale: true}, nil
	case s.Expired(at.Realm, at.Now):
		return Identity{Stale: true, Ended: true}, nil
	}
	u, err := i.Users.User(ctx, at.Realm.Key, s.UserID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return Identity{Stale: true}, nil
	case err != nil:
		return Identity{}, err
	case !u.Enabled, t.IssuedAt < u.NotBefore:
		return Identity{Stale: true}, nil
	}
	return Identity{Session: s, User: u}, nil
}

// proves tells whether a token is one that Identify made for this realm and is still good.
func proves(t *token.Verified, at verify.At) bool {
	return t.Type == typIdentity && t.Alg == cookieAlg && t.Issuer == at.Realm.Issuer(at.Base) &&
		at.Now.Unix() < t.Expires && t.IssuedAt >= at.Realm.NotBefore && t.Session != ""
}

// restartLife is how long a sign-in that was left can be begun again.
const restartLife = 24 * time.Hour

// restartCookie keeps a request, so that its sign-in can begin again when all else is forgotten.
func (a *Authorizer) restartCookie(ctx context.Context, at verify.At, q *login.Request) (Cookie, error) {
	text, err := json.Marshal(q)
	if err != nil {
		return Cookie{}, err
	}
	c := token.Claims{ID: a.NewID(), Type: typRestart, Issuer: at.Realm.Issuer(at.Base), IssuedAt: at.Now.Unix(), Expires: at.Now.Add(restartLife).Unix()}
	c.Other.Set(string(text), "request")
	signed, err := a.Keys.Sign(ctx, at.Realm, cookieAlg, "JWT", &c)
	return Cookie{Name: CookieRestart, Value: signed, HTTPOnly: true}, err
}

// restarted is the request that a browser kept; nil where it kept none that counts.
func (a *Authorizer) restarted(at verify.At, cookies Cookies) *login.Request {
	text := cookies[CookieRestart]
	if text == "" {
		return nil
	}
	t, err := a.Keys.Verify(at.Realm, text)
	if err != nil || t.Type != typRestart || t.Alg != cookieAlg || t.Issuer != at.Realm.Issuer(at.Base) || at.Now.Unix() >= t.Expires {
		return nil
	}
	kept, _ := t.Other.Get("request").(string)
	q := &login.Request{}
	if json.Unmarshal([]byte(kept), q) != nil {
		return nil
	}
	return q
}
