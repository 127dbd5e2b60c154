package inspect_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring/keyringtest"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const base = "https://id.example"

var now = time.Unix(1_800_000_000, 0)

// world is a realm on a real store, where alice, who may read orders and billing, is signed in at client
// spa in session s1.
type world struct {
	t      *testing.T
	store  *store.Store
	keys   *keyring.Keyring
	events []event.Event
}

func (w *world) Record(_ context.Context, e event.Event) { w.events = append(w.events, e) }

// last is the event recorded last.
func (w *world) last() event.Event {
	w.t.Helper()
	if len(w.events) == 0 {
		w.t.Fatal("no event was recorded")
	}
	return w.events[len(w.events)-1]
}

func mapper(kind string, config map[string]string) realm.Mapper {
	for _, use := range []string{"access", "id", "userinfo", "introspection"} {
		config[use+".token.claim"] = "true"
	}
	return realm.Mapper{Key: kind, Name: kind, Kind: kind, Protocol: "openid-connect", Config: config}
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
	d.PutScope(&realm.ClientScope{Key: "s-roles", Name: "roles", Mappers: []realm.Mapper{
		mapper("oidc-audience-resolve-mapper", map[string]string{}),
		mapper("oidc-usermodel-client-role-mapper", map[string]string{
			"claim.name": "resource_access.${client_id}.roles", "jsonType.label": "String", "multivalued": "true"}),
	}})
	d.PutScope(&realm.ClientScope{Key: "s-profile", Name: "profile", InToken: true, Mappers: []realm.Mapper{
		mapper("oidc-usermodel-attribute-mapper", map[string]string{
			"claim.name": "given_name", "jsonType.label": "String", "user.attribute": "firstName"}),
	}})
	scopes := []string{"s-roles", "s-profile"}
	secret := func(id string, change func(*realm.Client)) {
		c := &realm.Client{Key: "k-" + id, ID: id, Enabled: true, Secret: id + "-secret", FullScope: true, DefaultScopes: scopes}
		if change != nil {
			change(c)
		}
		d.PutClient(c)
	}
	d.PutClient(&realm.Client{Key: "k-spa", ID: "spa", Enabled: true, Public: true, FullScope: true, DefaultScopes: scopes,
		WebOrigins: []string{"https://shop.example"}})
	secret("orders", nil)
	secret("billing", nil)
	secret("crm", nil)
	secret("gateway", nil)
	secret("bearer", func(c *realm.Client) { c.BearerOnly = true })
	secret("closed", func(c *realm.Client) { c.Enabled = false })
	for _, id := range []string{"orders", "billing", "gateway"} {
		d.PutRole(&realm.Role{Key: "r-" + id, Client: "k-" + id, Name: "read"})
	}
	alice := user.User{ID: "alice-id", Username: "alice", FirstName: "Alice", Enabled: true, Roles: []string{"r-orders", "r-billing", "r-gateway"}}
	users := func(yield func(user.Account, error) bool) { yield(user.Account{User: alice}, nil) }
	if err := w.store.CreateRealm(t.Context(), d, nil, users, nil); err != nil {
		t.Fatal(err)
	}
	began := now.Add(-time.Minute)
	s := session.Session{ID: "s1", UserID: "alice-id", Username: "alice", Started: began, LastAccess: began}
	for _, client := range []string{"k-spa", "k-gateway"} {
		g := session.Grant{Session: "s1", Client: client, Started: began, LastAccess: began}
		if err := w.store.StartSession(t.Context(), "realm-key", s, g); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) realm() *realm.Realm {
	w.t.Helper()
	r, err := w.store.Realm(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// change edits a client.
func (w *world) change(id string, change func(c *realm.Client)) {
	w.t.Helper()
	err := w.store.Edit(w.t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
		c := *d.Realm().Client(id)
		change(&c)
		d.PutClient(&c)
		return nil, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// changeAlice edits the user.
func (w *world) changeAlice(change func(u *user.User)) {
	w.t.Helper()
	err := w.store.EditUser(w.t.Context(), "realm-key", "alice-id", func(a *user.Account) ([]event.Admin, error) {
		change(&a.User)
		return nil, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) inspector() *inspect.Inspector {
	return &inspect.Inspector{
		Realms: w.store,
		Verifier: verify.New(verify.Deps{
			Keys: w.keys, Users: w.store, Sessions: w.store, Marks: w.store, Realms: w.store,
		}),
		Keys:   w.keys,
		Events: w,
		Now:    func() time.Time { return now },
		NewID:  func() string { return "event-id" },
	}
}

func ptr[T any](v T) *T { return &v }

// claims are those of an access token of spa for alice.
func claims() token.Claims {
	return token.Claims{
		ID: "onrtro:1", Type: token.TypBearer, Issuer: base + "/realms/shop", Subject: "alice-id", Client: "spa", Session: "s1",
		Audience: []string{"orders", "billing", "gateway"}, Scope: ptr("openid profile"),
		IssuedAt: now.Unix() - 10, Expires: now.Unix() + 60,
		Other: token.Object{{Name: "resource_access", Value: token.Object{
			{Name: "orders", Value: token.Object{{Name: "roles", Value: []string{"read"}}}},
			{Name: "billing", Value: token.Object{{Name: "roles", Value: []string{"read"}}}},
			{Name: "gateway", Value: token.Object{{Name: "roles", Value: []string{"read"}}}},
		}}},
	}
}

// sign signs claims() as changed.
func (w *world) sign(change func(c *token.Claims)) string {
	w.t.Helper()
	c := claims()
	if change != nil {
		change(&c)
	}
	alg := "ES256"
	if c.Type == token.TypRefresh || c.Type == token.TypOffline {
		alg = keyring.Internal
	}
	compact, err := w.keys.Sign(w.t.Context(), w.realm(), alg, "JWT", &c)
	if err != nil {
		w.t.Fatal(err)
	}
	return compact
}

// members reads a JSON object.
func members(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}
