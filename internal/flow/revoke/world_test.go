package revoke_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring/keyringtest"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const base = "https://id.example"

var now = time.Unix(1_800_000_000, 0)

// world is a realm on a real store in which a chain of exchanges took place in session s1: front → first →
// second, and front → side. In session s2 alice is signed in at front alone, in off1 offline at spa.
type world struct {
	t      *testing.T
	store  *store.Store
	keys   *keyring.Keyring
	events []event.Event
	told   []session.Notice
}

func (w *world) Record(_ context.Context, e event.Event) { w.events = append(w.events, e) }

func (w *world) Due(_ context.Context, _ *realm.Realm, q session.Query) ([]session.Notice, error) {
	return []session.Notice{{Client: "k-front", Session: session.Session{ID: q.ID, Offline: q.Offline}}}, nil
}

func (w *world) Tell(_ context.Context, _ verify.At, due []session.Notice) {
	w.told = append(w.told, due...)
}

// last is the event recorded last.
func (w *world) last() event.Event {
	w.t.Helper()
	if len(w.events) == 0 {
		w.t.Fatal("no event was recorded")
	}
	return w.events[len(w.events)-1]
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: storetest.SQLite(t), keys: keyring.New(nil, func() time.Time { return now })}
	d := realm.New("realm-key", realm.Settings{
		Name: "shop", Enabled: true, SignatureAlg: "ES256",
		Lifespans: realm.Lifespans{AccessToken: 5 * time.Minute, SessionIdle: 30 * time.Minute, SessionMax: 10 * time.Hour, OfflineIdle: 720 * time.Hour},
	})
	for _, k := range keyringtest.Shop() {
		d.PutKey(k)
	}
	for _, id := range []string{"front", "first", "second", "side"} {
		d.PutClient(&realm.Client{Key: "k-" + id, ID: id, Enabled: true, Secret: id + "-secret"})
	}
	d.PutClient(&realm.Client{Key: "k-bearer", ID: "bearer", Enabled: true, Secret: "bearer-secret", BearerOnly: true})
	d.PutClient(&realm.Client{Key: "k-spa", ID: "spa", Enabled: true, Public: true, WebOrigins: []string{"https://shop.example"}})
	alice := user.User{ID: "alice-id", Username: "alice", Enabled: true}
	robot := user.User{ID: "robot-id", Username: "service-account-front", Enabled: true, ServiceAccount: "k-front"}
	users := func(yield func(user.Account, error) bool) {
		_ = yield(user.Account{User: alice}, nil) && yield(user.Account{User: robot}, nil)
	}
	if err := w.store.CreateRealm(t.Context(), d, nil, users, nil); err != nil {
		t.Fatal(err)
	}
	w.start("s1", "front", false)
	w.start("s1", "first", false, "front")
	w.start("s1", "second", false, "front", "first")
	w.start("s1", "side", false, "front")
	w.start("s2", "front", false)
	w.start("off1", "spa", true)
	return w
}

// start gives a client its part in a session, by exchanging tokens of other clients where these are named.
func (w *world) start(id, client string, offline bool, sources ...string) {
	w.t.Helper()
	began := now.Add(-time.Minute)
	s := session.Session{ID: id, Offline: offline, UserID: "alice-id", Username: "alice", Started: began, LastAccess: began}
	g := session.Grant{Session: id, Offline: offline, Client: "k-" + client, Started: began, LastAccess: began, Sources: map[string]string{}}
	for _, source := range sources {
		g.Sources["k-"+source] = "onrtro:" + source
	}
	if err := w.store.StartSession(w.t.Context(), "realm-key", s, g); err != nil {
		w.t.Fatal(err)
	}
}

// parts are the clients that hold something in a session; nil where the session is over.
func (w *world) parts(id string, offline bool) []string {
	w.t.Helper()
	if _, err := w.store.Session(w.t.Context(), "realm-key", id, offline); errors.Is(err, fault.ErrNotFound) {
		return nil
	} else if err != nil {
		w.t.Fatal(err)
	}
	grants, err := w.store.Grants(w.t.Context(), "realm-key", id, offline)
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, g := range grants {
		out = append(out, g.Client[len("k-"):])
	}
	slices.Sort(out)
	return out
}

func (w *world) revoked(jti string) bool {
	w.t.Helper()
	yes, err := w.store.Revoked(w.t.Context(), "realm-key", jti)
	if err != nil {
		w.t.Fatal(err)
	}
	return yes
}

func (w *world) revoker() *revoke.Revoker {
	return &revoke.Revoker{
		Realms:   w.store,
		Verifier: verify.New(verify.Deps{Keys: w.keys, Users: w.store, Sessions: w.store, Marks: w.store}),
		Sessions: w.store,
		Marks:    w.store,
		Herald:   w,
		Events:   w,
		Now:      func() time.Time { return now },
		NewID:    func() string { return "event-id" },
	}
}

// sign signs the claims of a token of a client: kind is the prefix of an access token's jti, or the
// "typ" of another.
func (w *world) sign(kind, client, session string) string {
	w.t.Helper()
	r, err := w.store.Realm(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	c := token.Claims{
		ID: "id-" + client, Type: kind, Issuer: r.Issuer(base), Subject: "alice-id", Client: client, Session: session,
		IssuedAt: now.Unix() - 10, Expires: now.Unix() + 60,
	}
	alg := "ES256"
	switch kind {
	case token.TypRefresh, token.TypOffline:
		alg = keyring.Internal
	case token.TypID, token.TypLogout:
	default:
		c.ID, c.Type = kind+":"+client, token.TypBearer
	}
	compact, err := w.keys.Sign(w.t.Context(), r, alg, "JWT", &c)
	if err != nil {
		w.t.Fatal(err)
	}
	return compact
}

func ptr[T any](v T) *T { return &v }

// by is a call of a client with its own secret.
func by(id string) revoke.Call {
	return revoke.Call{Realm: "shop", Base: base, Address: "192.0.2.1", Credentials: verify.Credentials{ID: &id, Secret: ptr(id + "-secret")}}
}

// answer is what a caller is told, and the event.
type answer struct {
	Status      int
	Code        oauth.Code
	Description string
	Event       string
}

func answerOf(t *testing.T, err error) answer {
	t.Helper()
	var e *oauth.Error
	if !errors.As(err, &e) {
		t.Fatalf("err = %v, want an *oauth.Error", err)
	}
	return answer{e.Status, e.Code, e.Description, e.Event}
}
