package authorize

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// signedIn is a store in which alice is signed in, in session s1.
type signedIn struct{ at time.Time }

func (s signedIn) Session(_ context.Context, _, id string, _ bool) (*session.Session, error) {
	return &session.Session{ID: id, UserID: "alice", Started: s.at, LastAccess: s.at}, nil
}

func (signedIn) User(_ context.Context, _, id string) (*user.User, error) {
	return &user.User{ID: id, Enabled: true}, nil
}

// FuzzCookies looks for cookies that prove a session, or bring back a request, though the realm did not make them.
func FuzzCookies(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, Lifespans: realm.Lifespans{SessionMax: time.Hour, SessionIdle: time.Hour}})
	key, err := keyring.Fallback("shop", cookieAlg, now)
	if err != nil {
		f.Fatal(err)
	}
	d.PutKey(key)
	at := verify.At{Realm: d.Realm(), Base: "https://id.example", Now: now}
	keys := keyring.New(nil, func() time.Time { return now })
	cookies, err := Identify(f.Context(), keys, at, &session.Session{ID: "s1", UserID: "alice", Started: now}, "1")
	if err != nil {
		f.Fatal(err)
	}
	identity := cookies[0].Value
	// The same claims as another kind of token that the same key signs, as a refresh token is.
	other, err := keys.Sign(f.Context(), at.Realm, cookieAlg, "JWT", &token.Claims{Type: token.TypRefresh, Issuer: at.Realm.Issuer(at.Base), Subject: "alice", Session: "s1",
		IssuedAt: now.Unix(), Expires: now.Unix() + 60})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{identity, other, identity[:strings.LastIndexByte(identity, '.')+1], "..", "a"} {
		f.Add(seed)
	}
	readers := Identities{Keys: keys, Sessions: signedIn{now}, Users: signedIn{now}}
	a := &Authorizer{Keys: keys}
	f.Fuzz(func(t *testing.T, value string) {
		who, err := readers.Of(t.Context(), at, Cookies{CookieIdentity: value})
		if err != nil || who.User != nil && value != identity {
			t.Errorf("%q is the cookie of %+v: %v", value, who.User, err)
		}
		if q := a.restarted(at, Cookies{CookieRestart: value}); q != nil {
			t.Errorf("%q brings back %+v", value, q)
		}
	})
}

// unsigning refuses every signature.
type unsigning struct{}

func (unsigning) SignedByClient(context.Context, *realm.Client, verify.At, string) error {
	return errors.New("not signed")
}

// FuzzRequestObject looks for a request object (RFC 9101) that counts though its client, which has a key, did not sign it;
// and for one that counts without a signature though it is not of now, or for another realm.
func FuzzRequestObject(f *testing.F) {
	at := verify.At{Realm: realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true}).Realm(), Base: "https://id.example", Now: time.Unix(1_800_000_000, 0)}
	a := &Authorizer{Requests: unsigning{}}
	f.Fuzz(func(t *testing.T, compact string) {
		keyed := &checking{realm: at.Realm, client: &realm.Client{ID: "app", UseJWKS: true}}
		if got, err := a.openObject(t.Context(), at, keyed, compact); err == nil {
			t.Errorf("%q counts as %v", compact, got)
		}
		keyless := &checking{realm: at.Realm, client: &realm.Client{ID: "app"}}
		if _, err := a.openObject(t.Context(), at, keyless, compact); err != nil {
			return
		}
		c := keyless.object.Claims
		switch {
		case keyless.object.Alg != "":
			t.Errorf("%q counts as signed by %s", compact, keyless.object.Alg)
		case c.Expires != 0 && c.Expires < at.Now.Unix()-drift, c.Issuer != "" && c.Issuer != "app",
			len(c.Audience) > 0 && !strings.Contains(strings.Join(c.Audience, " "), "https://id.example/realms/shop"):
			t.Errorf("%q counts as %+v", compact, c)
		}
	})
}

// FuzzClientData reads the parameter that leads back to a client: what is read has a way to answer.
func FuzzClientData(f *testing.F) {
	for _, text := range []string{`{"ru":"https://app.example/cb","rt":"code","st":"s"}`, `{"ru":"javascript:alert(1)","rt":"code id_token","rm":"form_post"}`, `{"rt":"token","rm":"query"}`, `null`} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Fuzz(func(t *testing.T, parameter string) {
		q, ok := readClientData(parameter)
		if !ok {
			return
		}
		again, ok := readClientData(clientData(&q))
		if !ok || again.RedirectURI != q.RedirectURI || again.ResponseMode != q.ResponseMode || again.ResponseType.String() != q.ResponseType.String() {
			t.Errorf("%+v is written and read as %+v", q, again)
		}
	})
}
