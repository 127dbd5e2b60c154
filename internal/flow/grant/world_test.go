package grant_test

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring/keyringtest"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const base = "https://id.example"

// noon is when tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the shop of testdata/shop.json on a real store, with a clock that tests set. Everybody's
// password is their name.
type world struct {
	*grant.Issuer
	t     *testing.T
	store *store.Store
	keys  *keyring.Keyring

	mu     sync.Mutex
	now    time.Time
	ids    int
	events []event.Event
}

func newWorld(t *testing.T) *world { return wire(t, shops.Open(t)) }

func newWorldOn(t *testing.T, st *store.Store) *world {
	t.Helper()
	openShop(t, st)
	return wire(t, st)
}

// shops are stores with the shop.
var shops = storetest.Template{Fill: openShop}

// openShop makes the shop on an empty store.
func openShop(t testing.TB, st *store.Store) {
	t.Helper()
	shop := realmtest.Load(t, "testdata/shop.json")
	for _, k := range shop.Realm.Keys() {
		shop.Draft.Delete(realm.KindKey, k.Key)
	}
	for _, k := range keyringtest.Shop() {
		shop.Draft.PutKey(k)
	}
	for i := range shop.Accounts {
		complete(&shop.Accounts[i].User)
	}
	if err := st.CreateRealm(t.Context(), shop.Draft, shop.Groups, shop.Users(), nil); err != nil {
		t.Fatal(err)
	}
}

// complete fills in what the realm demands of everybody who signs in by password.
func complete(u *user.User) {
	u.FirstName, u.LastName, u.Email = cmp.Or(u.FirstName, "First"), cmp.Or(u.LastName, "Last"), cmp.Or(u.Email, u.Username+"@shop.example")
}

// wire makes the flows of a store that has the shop.
func wire(t *testing.T, st *store.Store) *world {
	w := &world{t: t, store: st, now: noon}
	w.keys = keyring.New(nil, w.clock)
	verifier := verify.New(verify.Deps{Keys: w.keys, Users: st, Sessions: st, Marks: st})
	rules := people.NewRulebook(st)
	w.Issuer = &grant.Issuer{
		Counters: &people.Users{Store: st, Groups: st, Failures: st, Rules: rules},
		Realms:   st, Users: st, Sessions: st, Codes: st, Verifier: verifier, Passwords: nameIsPassword{}, Once: st, Marks: st,
		Lockouts: &limit.Lockouts{Failures: st, Users: st, Events: w, NewID: w.newID}, Duties: rules, Keys: w.keys, Events: w, Now: w.clock, NewID: w.newID,
	}
	return w
}

// nameIsPassword spares tests the work of hashing.
type nameIsPassword struct{}

func (nameIsPassword) Check(_ context.Context, _ verify.At, u *user.User, password string) (bool, error) {
	return u != nil && u.Username == password, nil
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// later moves the clock.
func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	return "id-" + strconv.Itoa(w.ids)
}

func (w *world) Record(_ context.Context, e event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// last is the event recorded last.
func (w *world) last() event.Event {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) == 0 {
		w.t.Fatal("no event was recorded")
	}
	return w.events[len(w.events)-1]
}

func (w *world) realm() *realm.Realm {
	w.t.Helper()
	r, err := w.store.Realm(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// client changes a client.
func (w *world) client(id string, change func(*realm.Client)) {
	w.t.Helper()
	w.edit(func(d *realm.Draft) {
		c := *d.Realm().Client(id)
		change(&c)
		d.PutClient(&c)
	})
}

// settings changes the realm's settings.
func (w *world) settings(change func(*realm.Settings)) {
	w.t.Helper()
	w.edit(func(d *realm.Draft) {
		s := d.Realm().Settings
		change(&s)
		d.PutSettings(s)
	})
}

func (w *world) edit(change func(*realm.Draft)) {
	w.t.Helper()
	err := w.store.Edit(w.t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
		change(d)
		return nil, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// user changes a user.
func (w *world) user(id string, change func(*user.User)) {
	w.t.Helper()
	err := w.store.EditUser(w.t.Context(), w.realm().Key, id, func(a *user.Account) ([]event.Admin, error) {
		change(&a.User)
		return nil, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// as is a call by a client, with its secret where it has one.
func as(id string) grant.Call {
	q := grant.Call{Realm: "shop", Base: base, Address: "192.0.2.1", Credentials: verify.Credentials{ID: &id}}
	switch id {
	case "spa", "app":
	default:
		q.Credentials.Secret = ptr(id + "-secret")
	}
	return q
}

// scoped is a call with a scope.
func scoped(q grant.Call, scope string) grant.Call {
	q.Scope = &scope
	return q
}

// signIn signs somebody in at a client; scope "" leaves the parameter out.
func (w *world) signIn(client, name, scope string) *grant.Response {
	w.t.Helper()
	resp, err := w.Password(w.t.Context(), grant.PasswordRequest{Call: maybeScoped(as(client), scope), Username: &name, Password: name})
	if err != nil {
		w.t.Fatal(err)
	}
	return resp
}

func maybeScoped(q grant.Call, scope string) grant.Call {
	if scope == "" {
		return q
	}
	return scoped(q, scope)
}

// refresh refreshes at a client.
func (w *world) refresh(client, refreshToken string) (*grant.Response, error) {
	return w.Refresh(w.t.Context(), grant.RefreshRequest{Call: as(client), RefreshToken: &refreshToken})
}

// swap is an exchange of an access token at a client.
func swap(client, subject string) grant.ExchangeRequest {
	return grant.ExchangeRequest{Call: as(client), SubjectToken: &subject, SubjectTokenType: ptr(string(oauth.TypeAccessToken))}
}

// exchange does one that is granted.
func (w *world) exchange(q grant.ExchangeRequest) *grant.Response {
	w.t.Helper()
	resp, err := w.Exchange(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp
}

// read opens a token, whose signature must be the realm's.
func (w *world) read(compact string) token.Verified {
	w.t.Helper()
	v, err := w.keys.Verify(w.realm(), compact)
	if err != nil {
		w.t.Fatal(err)
	}
	v.Origin, _ = token.ParseID(v.ID)
	return v
}

// refused checks what a caller is told, and what the event says.
func (w *world) refused(err error, status int, code oauth.Code, text, eventError string) {
	w.t.Helper()
	var e *oauth.Error
	if !errors.As(err, &e) {
		w.t.Fatalf("err = %v, want %s", err, text)
	}
	if e.Status != status || e.Code != code || e.Description != text {
		w.t.Errorf("told %d %s %q, want %d %s %q", e.Status, e.Code, e.Description, status, code, text)
	}
	if ev := w.last(); ev.Error != eventError || ev.Kind[len(ev.Kind)-6:] != "_ERROR" {
		w.t.Errorf("event %s %q, want error %q", ev.Kind, ev.Error, eventError)
	}
}

// details are the event's details but those that are the same for all.
func details(e event.Event) map[string]string {
	out := map[string]string{}
	for _, d := range e.Details {
		out[d.Name] = d.Value
	}
	return out
}

func ptr[T any](v T) *T { return &v }
