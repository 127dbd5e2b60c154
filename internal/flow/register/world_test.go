package register_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring/keyringtest"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/register"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const base = "https://sso.example"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// policies of the shop: whoever comes with nothing has to come from the trusted host, and may not ask for another scope
// than those that all clients have. Where they come from is all the same for those with a token.
const policies = `{"org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy": [
	{"name": "hosts", "providerId": "trusted-hosts", "subType": "anonymous", "config": {"trusted-hosts": ["192.0.2.1"], "client-uris-must-match": ["false"]}},
	{"name": "consent", "providerId": "consent-required", "subType": "anonymous", "config": {}},
	{"name": "pages", "providerId": "registration-web-origins", "subType": "anonymous", "config": {"web-origins": ["https://public.example"]}},
	{"name": "most", "providerId": "max-clients", "subType": "anonymous", "config": {"max-clients": ["6"]}}]}`

// world is a shop on a real store, with a client "web" that is public, "api" that is not, and administrators who are
// named for their one role.
type world struct {
	*register.Registrar
	t      *testing.T
	store  *store.Store
	keys   *keyring.Keyring
	now    time.Time
	from   string // the caller's address
	events []event.Event
}

func each(t *testing.T, test func(w *world)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { test(newWorld(t, st)) })
}

func newWorld(t *testing.T, st *store.Store) *world {
	w := &world{t: t, store: st, now: noon, from: "192.0.2.1"}
	w.keys = keyring.New(nil, func() time.Time { return w.now })
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, SignatureAlg: "ES256", Events: realm.EventSettings{Admin: true},
		Extra: realm.Extra{"components": json.RawMessage(policies)}})
	for _, k := range keyringtest.Shop() {
		d.PutKey(k)
	}
	d.PutClient(&realm.Client{Key: "web-key", ID: "web", Enabled: true, Public: true, WebOrigins: []string{"https://console.example"}})
	d.PutClient(&realm.Client{Key: "api-key", ID: "api", Enabled: true})
	d.PutClient(&realm.Client{Key: "management-key", ID: "realm-management", Enabled: true})
	for _, name := range []string{"create-client", "manage-clients", "view-clients"} {
		d.PutRole(&realm.Role{Key: name, Client: "management-key", Name: name})
	}
	if err := st.CreateRealm(t.Context(), d, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	w.Registrar = &register.Registrar{Realms: st, Clients: &manage.Clients{Store: st}, Access: st, Keys: w.keys,
		Administrators: w, Verifier: w, Hosts: w, Events: w}
	return w
}

func (w *world) shop() *realm.Realm {
	w.t.Helper()
	r, err := w.store.Realm(w.t.Context(), "shop")
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// Record is register.Events.
func (w *world) Record(_ context.Context, e event.Event) { w.events = append(w.events, e) }

// Administrator finds the user whose access token it is: "view-clients" holds that role.
func (w *world) Administrator(_ context.Context, _ string, p verify.Presented) (*permit.Administrator, error) {
	r := w.shop()
	held, err := w.keys.Verify(r, p.Token)
	if err != nil {
		return nil, err
	}
	roles := &realm.RoleSet{}
	r.Expand(roles, held.Subject)
	return &permit.Administrator{Realm: r, Client: r.Client("web"), User: &user.User{ID: held.Subject}, Roles: roles}, nil
}

// Client takes "Basic <client_id>" for proof of a client.
func (w *world) Client(_ context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error) {
	id, ok := strings.CutPrefix(c.Authorization, "Basic ")
	if client := at.Realm.Client(id); ok && client != nil {
		return verify.ClientAuth{ID: id, Client: client}, nil
	}
	return verify.ClientAuth{}, errors.New("not proven")
}

// LookupHost and LookupAddr know no names.
func (w *world) LookupHost(_ context.Context, host string) ([]string, error) {
	return []string{host}, nil
}
func (w *world) LookupAddr(context.Context, string) ([]string, error) {
	return nil, errors.New("no name")
}

func (w *world) author() audit.Author {
	return audit.Author{Actor: event.Actor{Address: w.from}, Now: w.now, NewID: uuid.NewString}
}

// call is a request with a token; with none where it is empty.
func (w *world) call(compact string) register.Call {
	c := register.Call{Realm: w.shop(), Base: base, Author: w.author()}
	if compact != "" {
		c.Authorization = "Bearer " + compact
	}
	return c
}

// signed is a token of the shop, as change leaves it.
func (w *world) signed(change func(*token.Claims)) string {
	w.t.Helper()
	c := &token.Claims{ID: "t", Type: token.TypBearer, Issuer: base + "/realms/shop", IssuedAt: w.now.Unix(), Expires: w.now.Unix() + 60}
	change(c)
	compact, err := w.keys.Sign(w.t.Context(), w.shop(), keyring.Internal, "JWT", c)
	if err != nil {
		w.t.Fatal(err)
	}
	return compact
}

// by is the access token of the administrator who holds a role.
func (w *world) by(role string) string {
	return w.signed(func(c *token.Claims) { c.Subject = role })
}

// initial is an initial access token.
func (w *world) initial(representation string) (key, compact string) {
	w.t.Helper()
	a, compact, err := w.NewInitialAccess(w.t.Context(), w.author(), w.shop(), base, object(w.t, representation))
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Key, compact
}

// register registers a client and gives the token by which it changes itself.
func (w *world) register(compact, representation string) (id, own string, err error) {
	answer, err := w.Create(w.t.Context(), w.call(compact), object(w.t, representation), nil)
	return answer.Text("clientId"), answer.Text("registrationAccessToken"), err
}

// last takes the events since, and gives the last one: kind, client and error.
func (w *world) last() string {
	if len(w.events) == 0 {
		return "none"
	}
	e := w.events[len(w.events)-1]
	w.events = nil
	return strings.TrimRight(string(e.Kind)+" "+e.Client+" "+e.Error, " ")
}

// clients are the client_ids of the shop.
func (w *world) clients() (out []string) {
	for _, c := range w.shop().Clients() {
		out = append(out, c.ID)
	}
	slices.Sort(out)
	return out
}

func object(t testing.TB, text string) keycloak.Object {
	t.Helper()
	var o keycloak.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// refusal is what a caller is told; empty where they got what they wanted.
func refusal(err error) string {
	var refused *oauth.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Description
	}
	return "not a refusal: " + err.Error()
}
