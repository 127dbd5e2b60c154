package verify_test

import (
	"cmp"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

const base = "https://id.example"

var now = time.Unix(1_800_000_000, 0)

// realmKeys are made once: an ES256 key for tokens, an HS512 key for internal ones.
var realmKeys = sync.OnceValue(func() (keys []*realm.KeyProvider) {
	for _, alg := range []string{"ES256", keyring.Internal} {
		k, err := keyring.Fallback("shop", alg, now)
		if err != nil {
			panic(err)
		}
		keys = append(keys, k)
	}
	return keys
})

// world is a realm with what a verifier asks about it, all in memory.
type world struct {
	t     testing.TB
	realm *realm.Realm
	keys  *keyring.Keyring

	people   map[string]*user.User // by id; service accounts by "client " and the client's key too
	sessions map[string]*session.Session
	grants   map[string]*session.Grant
	revoked  map[string]bool
	used     map[string]bool
	kept     time.Time // until when the latest of them is kept, at least
	down     error     // what the store answers, where set
	onceDown error     // what it answers of one-time values alone
	fetch    fetched
}

// fetched answers for the key sets that clients publish, by URL.
type fetched map[string][]jose.JSONWebKey

func (f fetched) Keys(_ context.Context, url, _ string) ([]jose.JSONWebKey, error) {
	keys, ok := f[url]
	if !ok {
		return nil, fault.ErrNotFound
	}
	return keys, nil
}

// newWorld is a realm "shop" where alice is signed in at spa, online in session "s1" and offline in "off1", ines at
// desk in "s2", and client robot has a service account.
func newWorld(t testing.TB) *world {
	w := &world{
		t:        t,
		keys:     keyring.New(nil, func() time.Time { return now }),
		people:   map[string]*user.User{},
		sessions: map[string]*session.Session{},
		grants:   map[string]*session.Grant{},
		revoked:  map[string]bool{},
		used:     map[string]bool{},
		fetch:    fetched{},
	}
	d := realm.New("realm-key", realm.Settings{
		Name: "shop", Enabled: true, SignatureAlg: "ES256",
		Lifespans: realm.Lifespans{
			AccessToken: 5 * time.Minute, SessionIdle: 30 * time.Minute, SessionMax: 10 * time.Hour, OfflineIdle: 720 * time.Hour,
		},
	})
	for _, k := range realmKeys() {
		d.PutKey(k)
	}
	d.PutClient(&realm.Client{Key: "k-spa", ID: "spa", Enabled: true, Public: true})
	d.PutClient(&realm.Client{Key: "k-robot", ID: "robot", Enabled: true, Secret: "robot-secret", ServiceAccounts: true})
	d.PutClient(&realm.Client{Key: "k-desk", ID: "desk", Enabled: true})
	w.realm = d.Realm()

	w.people["ines"] = &user.User{ID: "ines", Username: "ines", Enabled: true}
	w.people["alice"] = &user.User{ID: "alice", Username: "alice", Enabled: true}
	w.people["account"] = &user.User{ID: "account", Username: "service-account-robot", Enabled: true, ServiceAccount: "k-robot"}
	w.people["client k-robot"] = w.people["account"]
	began := now.Add(-time.Minute)
	w.sessions["s2"] = &session.Session{ID: "s2", UserID: "ines", Started: began, LastAccess: began}
	for _, s := range []session.Session{{ID: "s1"}, {ID: "off1", Offline: true}} {
		s.UserID, s.Started, s.LastAccess = "alice", began, began
		w.sessions[place(s.ID, s.Offline)] = &s
		w.grants[place(s.ID, s.Offline, "k-spa")] = &session.Grant{
			Session: s.ID, Offline: s.Offline, Client: "k-spa", Started: began, LastAccess: began,
		}
	}
	return w
}

func place(id string, offline bool, more ...string) string {
	if offline {
		id += " offline"
	}
	for _, m := range more {
		id += " " + m
	}
	return id
}

// edit changes the realm, as the next version of it.
func (w *world) edit(change func(d *realm.Draft)) {
	d := realm.Edit(w.realm)
	change(d)
	w.realm = w.realm.With(w.realm.Version+1, d.Changes())
}

// change edits a copy of a client.
func (w *world) change(id string, change func(c *realm.Client)) {
	w.edit(func(d *realm.Draft) {
		c := *w.realm.Client(id)
		change(&c)
		d.PutClient(&c)
	})
}

func (w *world) settings(change func(s *realm.Settings)) {
	w.edit(func(d *realm.Draft) {
		s := w.realm.Settings
		change(&s)
		d.PutSettings(s)
	})
}

func (w *world) verifier() *verify.Verifier {
	return verify.New(verify.Deps{Keys: w.keys, Users: w, Sessions: w, Marks: w, Fetch: w.fetch, Realms: w})
}

func (w *world) Realm(_ context.Context, name string) (*realm.Realm, error) {
	if name != w.realm.Name {
		return nil, fault.ErrNotFound
	}
	return w.realm, w.down
}

func (w *world) Latest(_ context.Context, key string) (*realm.Realm, error) {
	if key != w.realm.Key {
		return nil, fault.ErrNotFound
	}
	return w.realm, w.down
}

func (w *world) at() verify.At { return verify.At{Realm: w.realm, Base: base, Now: now} }

// claims are those of a good token: kind is the prefix of an access token's jti, or the "typ" of another.
func (w *world) claims(kind string) token.Claims {
	scope := "openid"
	c := token.Claims{
		ID: "id-" + kind, Type: kind, Issuer: w.realm.Issuer(base), Subject: "alice", Client: "spa", Session: "s1", Scope: &scope,
		IssuedAt: now.Add(-10 * time.Second).Unix(), Expires: now.Add(time.Minute).Unix(), Audience: []string{"orders"},
	}
	switch kind {
	case token.TypRefresh, token.TypID:
	case token.TypOffline:
		c.Session, c.Expires = "off1", 0
	default:
		c.ID, c.Type = kind+":"+kind, token.TypBearer
	}
	switch kind {
	case "ofrtro", "ftrtte":
		c.Session = "off1"
	case "trrtcc":
		c.Session, c.Client, c.Subject = "", "robot", "account"
	}
	return c
}

// sign signs claims as the realm does.
func (w *world) sign(c token.Claims) string {
	w.t.Helper()
	alg := "ES256"
	if c.Type == token.TypRefresh || c.Type == token.TypOffline {
		alg = keyring.Internal
	}
	return w.signWith(alg, c)
}

func (w *world) signWith(alg string, c token.Claims) string {
	w.t.Helper()
	compact, err := w.keys.Sign(context.Background(), w.realm, alg, "JWT", &c)
	if err != nil {
		w.t.Fatal(err)
	}
	return compact
}

func (w *world) User(_ context.Context, _, id string) (*user.User, error) {
	return found(w.people[id], w.down)
}

func (w *world) ServiceAccount(_ context.Context, _, clientKey string) (*user.User, error) {
	return found(w.people["client "+clientKey], w.down)
}

func (w *world) Session(_ context.Context, _, id string, offline bool) (*session.Session, error) {
	return found(w.sessions[place(id, offline)], w.down)
}

func (w *world) Grant(_ context.Context, _, id, clientKey string, offline bool) (*session.Grant, error) {
	return found(w.grants[place(id, offline, clientKey)], w.down)
}

func (w *world) Granted(ctx context.Context, realmKey, id, clientKey string, offline bool) (*session.Grant, error) {
	return w.Grant(ctx, realmKey, id, clientKey, offline)
}

func (w *world) Revoked(_ context.Context, _, jti string) (bool, error) {
	return w.revoked[jti], w.down
}

func (w *world) UseOnce(_ context.Context, realmKey, purpose, value string, until time.Time) (bool, error) {
	w.kept = until
	value = realmKey + " " + purpose + " " + value
	first := !w.used[value]
	w.used[value] = true
	return first, cmp.Or(w.onceDown, w.down)
}

func found[T any](v *T, down error) (*T, error) {
	switch {
	case down != nil:
		return nil, down
	case v == nil:
		return nil, fault.ErrNotFound
	}
	return v, nil
}

// answer is what a caller is told, and the event.
type answer struct {
	Status      int
	Code        oauth.Code
	Description string
	Event       string
}

func answerOf(t testing.TB, err error) answer {
	t.Helper()
	if err == nil {
		return answer{}
	}
	e, ok := err.(*oauth.Error)
	if !ok {
		t.Fatalf("error %v (%T) is no *oauth.Error", err, err)
	}
	return answer{e.Status, e.Code, e.Description, e.Event}
}
