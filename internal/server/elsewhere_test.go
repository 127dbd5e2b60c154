package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// farIssuer is an issuer on another machine, which changes its keys when it is told to and takes tokens back.
type farIssuer struct {
	*httptest.Server

	lock   sync.Mutex
	key    *ecdsa.PrivateKey
	kid    string
	issued map[string]string // whom access tokens are of; what is taken back is not there
}

func newFarIssuer(t *testing.T) *farIssuer {
	p := &farIssuer{issued: map[string]string{}}
	p.rotate(t, "first")
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// rotate has the issuer sign with another key, and publish that alone.
func (p *farIssuer) rotate(t *testing.T, kid string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.key, p.kid = key, kid
}

// ServeHTTP answers the server: keys, and the profile of whoever brings a token.
func (p *farIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.lock.Lock()
	defer p.lock.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/keys" {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.kid, Algorithm: "ES256", Use: "sig"}}})
		return
	}
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	name := p.issued[bearer]
	if name == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"sub": name, "preferred_username": name, "email": name + "@partner.example",
		"email_verified": true, "given_name": name, "family_name": "Partner"})
}

// token is an access token for a person, for the realm's client there.
func (p *farIssuer) token(t *testing.T, name string) string {
	t.Helper()
	p.lock.Lock()
	defer p.lock.Unlock()
	now := time.Now()
	compact := says(t, jose.ES256, p.key, p.kid, map[string]any{"iss": p.URL, "sub": name, "aud": "realm-b-broker", "azp": "elsewhere", "typ": "Bearer",
		"jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
	p.issued[compact] = name
	return compact
}

// takeBack has the issuer not honour a token any more.
func (p *farIssuer) takeBack(compact string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	delete(p.issued, compact)
}

// TestExchangeFromElsewhere: tokens of an issuer on another machine are verified by the keys that it publishes now, and
// believed as long as it stands by them. An account is made unasked where nobody has to be asked, and who is
// disabled gets nothing.
func TestExchangeFromElsewhere(t *testing.T) {
	text, err := os.ReadFile("testdata/story/realm-b.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			p := newFarIssuer(t)
			s, base := startAs(t, db.open(t), map[string][]byte{"realm-b.json": text}, func(c *server.Config, _ string) { c.FetchPrivate = true })
			r := realms{T: t, server: s, base: base}
			r.provider(func(q *realm.Provider) {
				q.Kind, q.LinkOnly = "oidc", false
				q.Config["issuer"], q.Config["jwksUrl"], q.Config["userInfoUrl"] = p.URL, p.URL+"/keys", p.URL+"/userinfo"
			})
			b, err := s.Store().Realm(t.Context(), "realm-b")
			if err != nil {
				t.Fatal(err)
			}
			exchange := func(status int, subject string) map[string]any {
				t.Helper()
				return r.exchange(status, subject, "subject_issuer", p.URL, "audience", "")
			}
			stale := p.token(t, "carol")
			p.rotate(t, "second")
			carol := p.token(t, "carol")

			// An account is made when all else is granted, and not before.
			police := func(policies ...realm.ClientPolicy) {
				r.edit("realm-b", func(d *realm.Draft) {
					settings := d.Realm().Settings
					settings.Policies = policies
					d.PutSettings(settings)
				})
			}
			police(realm.ClientPolicy{Name: "none", Conditions: []realm.PolicyPart{{Kind: "any-client"}}, Executors: []realm.PolicyPart{{Kind: "reject-request"}}})
			refused(t, exchange(400, carol), "invalid_request")
			police()
			refused(t, r.exchange(400, carol, "subject_issuer", p.URL, "audience", "plain"), "invalid_request")
			if _, err := s.Store().UserByName(t.Context(), b.Key, "carol"); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("an account, and nothing was granted: %v", err)
			}

			if got := claims(t, str(t, exchange(200, carol), "access_token"))["preferred_username"]; got != "carol" {
				t.Errorf("a token of %v", got)
			}
			made, err := s.Store().UserByName(t.Context(), b.Key, "carol")
			if err != nil || len(made.Links) != 1 || made.Links[0].Subject != "carol" {
				t.Errorf("the account that was made: %+v, %v", made, err)
			}
			again := exchange(200, p.token(t, "carol"))
			if got := claims(t, str(t, again, "access_token"))["sub"]; got != made.ID {
				t.Errorf("a second token is of %v, want %s", got, made.ID)
			}

			if got := exchange(400, stale)["error_description"]; got != "invalid token" {
				t.Errorf("by a key that is not published any more: %v", got)
			}
			p.takeBack(carol)
			if got := exchange(400, carol)["error_description"]; got != "invalid token" {
				t.Errorf("taken back by the issuer: %v", got)
			}

			err = s.Store().EditUser(t.Context(), b.Key, made.ID, func(a *user.Account) ([]event.Admin, error) {
				a.User.Enabled = false
				return nil, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := exchange(400, p.token(t, "carol"))["error_description"]; got != "Invalid Token" {
				t.Errorf("the user is disabled: %v", got)
			}
		})
	}
}
