package grant_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring/keyringtest"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// The clients of the trees that TestLineage draws: who signs people in, who exchanges, and who only looks at tokens,
// at the end.
var (
	signers    = []string{"spa", "app", "gateway", "refresher"}
	exchangers = []string{"gateway", "refresher", "second"}
)

const onlooker = "outsider"

// neighbours are the realms that the tokens are of: the shop, and one like it whose people are linked to those of the shop.
var neighbours = []string{"shop", "office"}

// forest is two realms where each of the exchangers is in the audience of every token.
type forest struct {
	*world
	inspector            *inspect.Inspector
	revoker              *revoke.Revoker
	dead, alive, deepest int            // of tokens looked at
	seen                 map[string]int // of tokens, by what is to be seen of them
}

func newForest(t *testing.T, st *store.Store) *forest {
	w := newWorldOn(t, st)
	addOffice(t, st)
	f := &forest{world: w, seen: map[string]int{}}
	for i, name := range neighbours {
		f.plant(name, neighbours[1-i])
	}
	verifier := verify.New(verify.Deps{Keys: w.keys, Users: st, Sessions: st, Marks: st, Realms: st})
	w.Verifier = verifier
	w.Abroad = &broker.Broker{Realms: st, Book: broker.NewBook(st), Own: verifier, Users: st, People: w.Counters.(*people.Users),
		Now: w.clock, NewID: w.newID}
	f.inspector = &inspect.Inspector{Realms: st, Verifier: verifier, Keys: w.keys, Events: w, Now: w.clock, NewID: w.newID}
	f.revoker = &revoke.Revoker{Realms: st, Verifier: verifier, Sessions: st, Marks: st, Herald: untold{}, Events: w, Now: w.clock, NewID: w.newID}
	return f
}

// addOffice makes a realm that has all that the shop has.
func addOffice(t *testing.T, st *store.Store) {
	text, err := os.ReadFile("testdata/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	office, err := realmtest.Read(strings.Replace(string(text), `"realm": "shop"`, `"id": "office", "realm": "office"`, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range office.Realm.Keys() {
		office.Draft.Delete(realm.KindKey, k.Key)
	}
	for _, k := range keyringtest.Shop() {
		office.Draft.PutKey(k)
	}
	for i := range office.Accounts {
		complete(&office.Accounts[i].User)
	}
	if err := st.CreateRealm(t.Context(), office.Draft, office.Groups, office.Users(), nil); err != nil {
		t.Fatal(err)
	}
}

// plant makes of a realm what the trees need.
func (f *forest) plant(name, neighbour string) {
	f.editIn(name, func(d *realm.Draft) {
		settings := d.Realm().Settings
		settings.Exchange.ChainLimit, settings.Exchange.RefuseCycles = -1, false
		d.PutSettings(settings)
		r := d.Realm()
		second := *r.Client("refresher")
		second.Key, second.ID, second.Secret = "second", "second", "second-secret"
		d.PutClient(&second)
		callers := *r.Scope("callers")
		callers.Mappers = slices.Clone(callers.Mappers[:1])
		callers.Mappers[0].Config = map[string]string{
			"included.client.audience": strings.Join(append(slices.Clone(exchangers), onlooker), "##"), "access.token.claim": "true",
		}
		d.PutScope(&callers)
		for _, id := range slices.Concat(signers, exchangers) {
			c := *d.Realm().Client(id)
			c.DefaultScopes = append(slices.Clone(c.DefaultScopes), callers.Key)
			c.Exchange.External = slices.Contains(exchangers, id)
			d.PutClient(&c)
		}
		looks := *r.Client(onlooker)
		looks.Tokens.IntrospectAnyone = true
		d.PutClient(&looks)
		d.PutProvider(&realm.Provider{Key: "neighbour", Alias: "neighbour", Kind: "keycloak-oidc", Enabled: true, Config: map[string]string{
			"issuer": base + "/realms/" + neighbour, "clientId": "broker", "authorizationUrl": base + "/auth", "tokenUrl": base + "/token",
			federation.SettingTrusted: "true", federation.SettingClients: strings.Join(slices.Concat(signers, exchangers), "##")}})
	})
	for _, id := range []string{"alice", "bob"} {
		f.userIn(name, id, func(u *user.User) {
			u.Links = []user.Link{{Provider: "neighbour", Subject: id, Username: id}}
		})
	}
}

// untold has no client that wants to be told of a logout.
type untold struct{}

func (untold) Due(context.Context, *realm.Realm, session.Query) ([]session.Notice, error) {
	return nil, nil
}
func (untold) Tell(context.Context, verify.At, []session.Notice) {}

// in is one of the realms.
func (f *forest) in(name string) *realm.Realm {
	f.t.Helper()
	r, err := f.store.Realm(f.t.Context(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *forest) editIn(name string, change func(*realm.Draft)) {
	f.t.Helper()
	err := f.store.Edit(f.t.Context(), name, func(d *realm.Draft) ([]event.Admin, error) {
		change(d)
		return nil, nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *forest) userIn(name, id string, change func(*user.User)) {
	f.t.Helper()
	err := f.store.EditUser(f.t.Context(), f.in(name).Key, id, func(a *user.Account) ([]event.Admin, error) {
		change(&a.User)
		return nil, nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// asIn is a call by a client of one of the realms.
func asIn(name, id string) grant.Call {
	q := as(id)
	q.Realm = name
	return q
}
