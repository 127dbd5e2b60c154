package manage_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// parsed is a representation.
func parsed(t testing.TB, text string) keycloak.Object {
	t.Helper()
	var o keycloak.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// installation is a store with a master realm and a shop, and who administrates there.
func installation(t testing.TB) (*manage.Realms, *store.Store, audit.Author) {
	t.Helper()
	m, st := realms(t)
	if _, err := m.Bootstrap(t.Context(), manage.Administrator{Username: "root"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Update(t.Context(), author(), "master", parsed(t, `{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true}`)); err != nil {
		t.Fatal(err)
	}
	load(t, m, `{"realm": "shop", "enabled": true, "displayName": "Shop", "adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
		"smtpServer": {"host": "mail", "password": "hush", "authTokenUrl": "https://mail.example/token", "authTokenClientSecret": "quiet"}, "attributes": {"my.own": "kept", "tokenhouse.events.trace": "sometimes"},
		"groups": [{"id": "g", "name": "staff"}], "users": [{"username": "ann"}]}`)
	master := find(t, st, "master")
	root, err := st.UserByName(t.Context(), master.Key, "root")
	if err != nil {
		t.Fatal(err)
	}
	by := author()
	by.Actor.Realm, by.Actor.UserID = master.Key, root.ID
	return m, st, by
}

func settings(t testing.TB, st *store.Store, name string) (*realm.Realm, keycloak.Object) {
	t.Helper()
	r := *find(t, st, name)
	extra, err := st.Extra(t.Context(), r.Key, realm.KindRealm, r.Key)
	if err != nil {
		t.Fatal(err)
	}
	r.Extra = extra
	return &r, keycloak.FromSettings(&r)
}

func told(t testing.TB, st *store.Store, name string) []event.Admin {
	t.Helper()
	events, err := st.AdminEvents(t.Context(), find(t, st, name).Key, event.AdminQuery{}, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestUpdate changes what a representation says and leaves the rest, the password of the mail server too, and
// tells of it without secrets.
func TestUpdate(t *testing.T) {
	m, st, by := installation(t)
	err := m.Update(t.Context(), by, "shop", parsed(t, `{"accessTokenLifespan": 120, "smtpServer": {"host": "mail", "from": "shop@example.org", "password": "**********"},
		"attributes": {"tokenhouse.exchange.downscope": "true", "tokenhouse.events.trace": "sometimes"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r, o := settings(t, st, "shop")
	if r.Lifespans.AccessToken.Seconds() != 120 || !r.Exchange.Downscope || r.SMTPPassword != "hush" || o.Text("displayName") != "Shop" {
		t.Errorf("settings: %+v", r.Settings)
	}
	if attributes := keycloak.Value[map[string]string](o, "attributes"); attributes["my.own"] != "" || attributes["parRequestUriLifespan"] != "60" {
		t.Errorf("attributes are replaced, but for those that every realm has: %v", attributes)
	}
	e := told(t, st, "shop")[0]
	if e.Operation != "UPDATE" || e.ResourceType != "REALM" || e.ResourcePath != "" || strings.Contains(e.Representation, "hush") || e.Actor != by.Actor {
		t.Errorf("event: %+v", e)
	}
	if err := m.Update(t.Context(), by, "shop", parsed(t, `{"smtpServer": {"host": "other", "from": "shop@example.org", "password": "new"}}`)); err != nil {
		t.Fatal(err)
	}
	if e := told(t, st, "shop")[0]; strings.Contains(e.Representation, `"new"`) {
		t.Errorf("the event tells the password: %s", e.Representation)
	}
}

// TestUpdateRefused names what cannot be accepted, and changes nothing.
func TestUpdateRefused(t *testing.T) {
	m, st, by := installation(t)
	before := find(t, st, "shop").Version
	for put, want := range map[string]string{
		`{"attributes": {"tokenhouse.limit.token.client": "100"}}`:                                                                                 `attributes.tokenhouse.limit.token.client: "100" is not requests in a time, as 100/10s, 60/1m or 1000/1h`,
		`{"attributes": {"tokenhouse.exchange.chain-limit": "many"}}`:                                                                              `attributes.tokenhouse.exchange.chain-limit: "many" is not a whole number, -1 or more`,
		`{"attributes": {"tokenhouse.dpop.nonce": "sometimes"}}`:                                                                                   `attributes.tokenhouse.dpop.nonce: "sometimes" is not one of off, required`,
		`{"attributes": {"tokenhouse.events.trace": "never"}}`:                                                                                     `attributes.tokenhouse.events.trace: "never" is not one of refused, all, none`,
		`{"smtpServer": {"host": "other", "from": "s@example.org", "password": "**********"}}`:                                                     `smtpServer.password: The password has to be given again with another host`,
		`{"smtpServer": {"host": "mail", "from": "s@example.org", "port": "2525", "password": "**********"}}`:                                      `smtpServer.password: The password has to be given again with another port`,
		`{"smtpServer": {"host": "mail", "from": "s@example.org", "authTokenUrl": "https://evil.example", "authTokenClientSecret": "**********"}}`: `smtpServer.authTokenClientSecret: The authTokenClientSecret has to be given again with another authTokenUrl`,
		`{"browserFlow": "none such"}`:                                                                                                             `browserFlow: there is no authentication flow "none such"`,
		`{"passwordPolicy": "length(x)"}`:                                                                                                          `passwordPolicy: Invalid config for length: Not a valid number`,
		`{"sslRequired": "sometimes"}`:                                                                                                             `sslRequired: sometimes is none of none, external, all`,
		`{"realm": "a/b"}`:                                                                                                                         `realm: Character '/' not allowed.`,
		`{"realm": ""}`:                                                                                                                            `realm: Realm name cannot be empty`,
		`{"supportedLocales": ["de", "e/n"]}`:                                                                                                      `supportedLocales: Character '/' not allowed.`,
		`{"smtpServer": {"host": "mail"}}`:                                                                                                         `smtpServer.from: Invalid sender address 'null'. If the address contains UTF-8 characters in the local part please ensure the SMTP server supports the SMTPUTF8 extension and enable 'Allow UTF-8' in the email realm configuration.`,
		`{"failureFactor": -1}`:                                                                                                                    `failureFactor: Failure factor may not be a negative value`,
		`{"browserFlow": ""}`:                                                                                                                      `browserFlow: there is no authentication flow ""`,
		`{"clientPolicies": {"policies": [{"name": "p", "profiles": ["none"]}]}}`:                                                                  `policies: Policy p contains invalid profile none`,
		`{"clientSessionIdleTimeout": 1000000}`:                                                                                                    `clientSessionIdleTimeout: Client Session Idle Timeout cannot be greater than Realm SSO Idle Timeout.`,
	} {
		err := m.Update(t.Context(), by, "shop", parsed(t, put))
		var invalid *fault.Invalid
		if !errors.As(err, &invalid) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", put, err, want)
		}
	}
	if err := m.Update(t.Context(), by, "master", parsed(t, `{"realm": "other"}`)); err == nil {
		t.Error("the master realm was renamed")
	}
	if err := m.Update(t.Context(), by, "nowhere", parsed(t, `{}`)); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("unknown realm: %v", err)
	}
	if find(t, st, "shop").Version != before {
		t.Error("something changed")
	}
}

// TestRename gives the realm, its own clients' addresses and its management client the new name.
func TestRename(t *testing.T) {
	m, st, by := installation(t)
	load(t, m, `{"realm": "other"}`)
	managed := find(t, st, "master").Client("shop-realm").Key
	if err := m.Update(t.Context(), by, "shop", parsed(t, `{"realm": "other"}`)); !errors.Is(err, fault.ErrConflict) || err.Error() != "Realm with same name exists" {
		t.Errorf("name of another: %v", err)
	}
	if err := m.Update(t.Context(), by, "shop", parsed(t, `{"realm": "store"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Realm(t.Context(), "shop"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("old name: %v", err)
	}
	r := find(t, st, "store")
	if uri := r.Client("account").RedirectURIs[0]; uri != "/realms/store/account/*" {
		t.Errorf("account: %s", uri)
	}
	if uri := r.Client("security-admin-console").BaseURL; uri != "/admin/store/console/" {
		t.Errorf("console: %s", uri)
	}
	if name := r.RoleByKey(r.DefaultRole).Name; name != "default-roles-shop" {
		t.Errorf("default role: %s", name)
	}
	master := find(t, st, "master")
	if c := master.Client("store-realm"); c == nil || c.Key != managed || master.Client("shop-realm") != nil {
		t.Errorf("management client: %+v", c)
	}
}

// TestRenameIsOneChange leaves both the realm and its management client as they are where one of them cannot get the new
// name: a client that kept the old one would hold rights in the next realm of that name.
func TestRenameIsOneChange(t *testing.T) {
	m, st, by := installation(t)
	err := st.Edit(t.Context(), "master", func(d *realm.Draft) ([]event.Admin, error) {
		d.PutClient(&realm.Client{Key: "in-the-way", ID: "store-realm"})
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before := find(t, st, "master").Client("shop-realm").Key
	if err := m.Update(t.Context(), by, "shop", parsed(t, `{"realm": "store"}`)); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("name of a client that is there: %v", err)
	}
	if _, err := st.Realm(t.Context(), "store"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("the new name: %v", err)
	}
	if c := find(t, st, "master").Client("shop-realm"); c == nil || c.Key != before {
		t.Errorf("the management client is %+v", c)
	}
	if uri := find(t, st, "shop").Client("account").RedirectURIs[0]; uri != "/realms/shop/account/*" {
		t.Errorf("account: %s", uri)
	}
}

// TestDeleteTells records the end of a realm where its administrator signed in, and in the master realm where
// that goes with it.
func TestDeleteTells(t *testing.T) {
	m, st, by := installation(t)
	load(t, m, `{"realm": "other"}`)
	if err := m.Delete(t.Context(), by, "other"); err != nil {
		t.Fatal(err)
	}
	own := by
	own.Now = by.Now.Add(time.Second)
	own.Actor.Realm, own.Actor.UserID = find(t, st, "shop").Key, "boss"
	if err := m.Delete(t.Context(), own, "shop"); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range told(t, st, "master") {
		if e.Operation == "DELETE" && e.ResourceType == "REALM" {
			paths = append(paths, e.ResourcePath)
		}
	}
	if want := []string{"shop", "other"}; !slices.Equal(paths, want) {
		t.Errorf("events tell of %v, want %v", paths, want)
	}
	if find(t, st, "master").Client("shop-realm") != nil {
		t.Error("the management client stayed")
	}
}

// TestCreate lets whoever may make realms manage those that they made, and no others.
func TestCreate(t *testing.T) {
	m, st, by := installation(t)
	master := find(t, st, "master")
	maker := user.Account{User: user.User{ID: "maker", Username: "maker", Roles: []string{master.Role(realm.RoleRef{Name: "create-realm"}).Key}}}
	if err := st.CreateUser(t.Context(), master.Key, maker, nil); err != nil {
		t.Fatal(err)
	}
	root := by.Actor.UserID
	by.Actor.UserID = "maker"
	name, err := m.Create(t.Context(), by, text(`{"realm": "mine", "displayName": "${SHOP}"}`))
	if err != nil || name != "mine" {
		t.Fatal(name, err)
	}
	if _, o := settings(t, st, "mine"); o.Text("displayName") != "${SHOP}" {
		t.Errorf("a placeholder tells of the environment: %s", o.Text("displayName"))
	}
	a, err := st.Account(t.Context(), master.Key, "maker")
	if err != nil {
		t.Fatal(err)
	}
	master = find(t, st, "master")
	if n := len(master.RolesOf(master.Client("mine-realm").Key)); len(a.User.Roles) != n+1 {
		t.Errorf("%d roles, want %d", len(a.User.Roles), n+1)
	}
	by.Actor.UserID, by.Now = root, by.Now.Add(time.Second)
	before, _ := st.Account(t.Context(), master.Key, root)
	if _, err := m.Create(t.Context(), by, text(`{"realm": "another"}`)); err != nil {
		t.Fatal(err)
	}
	if after, _ := st.Account(t.Context(), master.Key, root); len(after.User.Roles) != len(before.User.Roles) {
		t.Error("who has all roles already was given more")
	}
	if e := told(t, st, "master")[0]; e.Operation != "CREATE" || e.ResourcePath != "another" || !strings.Contains(e.Representation, `"another"`) {
		t.Errorf("event: %+v", e)
	}
}

// TestCreateRefused answers in Keycloak's words, and leaves nothing behind.
func TestCreateRefused(t *testing.T) {
	m, st, by := installation(t)
	key := find(t, st, "shop").Key
	for _, c := range []struct {
		name, file, want string
		is               func(error) bool
	}{
		{"taken", `{"realm": "shop"}`, "Realm shop already exists", is(fault.ErrConflict)},
		{"id taken", `{"realm": "x", "id": "` + key + `"}`, "Duplicate resource error", is(fault.ErrConflict)},
		{"reserved", `{"realm": "a/b"}`, "Character '/' not allowed.", kind[*fault.Refused]},
		{"no name", `{}`, "realm: Realm name cannot be empty", kind[*fault.Invalid]},
		{"policy", `{"realm": "x", "passwordPolicy": "nonsense"}`, "passwordPolicy: Password policy not found", kind[*fault.Invalid]},
		{"weak password", `{"realm": "x", "passwordPolicy": "length(8)", "users": [{"username": "u", "credentials": [{"type": "password", "value": "short"}]}]}`,
			"users: Password policy not met for user u: Invalid password: minimum length 8.", kind[*fault.Invalid]},
		{"several", `[{"realm": "x"}, {"realm": "y"}]`, "not one realm", kind[*keycloak.Problem]},
		{"no JSON", `{`, "the document ends too early", kind[*keycloak.Problem]},
	} {
		_, err := m.Create(t.Context(), by, text(c.file))
		if err == nil || !c.is(err) || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	names, err := st.RealmNames(t.Context())
	if err != nil || !slices.Equal(names, []string{"master", "shop"}) {
		t.Errorf("realms: %v, %v", names, err)
	}
}

func kind[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

// TestDefaults changes what new users and clients get, each with its event, and refuses what there is not.
func TestDefaults(t *testing.T) {
	m, st, by := installation(t)
	scope := find(t, st, "shop").Scope("phone").Key // an optional one
	for _, c := range []struct {
		name string
		do   func() error
		want error
		path string // of the event; empty where there is none
	}{
		{"group", func() error { return m.AddDefaultGroup(t.Context(), by, "shop", "g") }, nil, "default-groups/g"},
		{"group again", func() error { return m.AddDefaultGroup(t.Context(), by, "shop", "g") }, nil, ""},
		{"no group", func() error { return m.AddDefaultGroup(t.Context(), by, "shop", "none") }, fault.ErrNotFound, ""},
		{"drop group", func() error { return m.DropDefaultGroup(t.Context(), by, "shop", "g") }, nil, "default-groups/g"},
		{"scope that is one", func() error { return m.AddDefaultScope(t.Context(), by, "shop", scope, manage.Default) }, fault.ErrConflict, ""},
		{"drop scope by the other list", func() error { return m.DropDefaultScope(t.Context(), by, "shop", scope, manage.Default) }, nil, "default-default-client-scopes/" + scope},
		{"drop scope again", func() error { return m.DropDefaultScope(t.Context(), by, "shop", scope, manage.Default) }, nil, ""},
		{"scope", func() error { return m.AddDefaultScope(t.Context(), by, "shop", scope, manage.Optional) }, nil, "default-optional-client-scopes/" + scope},
		{"no scope", func() error { return m.AddDefaultScope(t.Context(), by, "shop", "phone", manage.Default) }, fault.ErrNotFound, ""},
	} {
		before := len(told(t, st, "shop"))
		by.Now = by.Now.Add(time.Second)
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		switch events := told(t, st, "shop"); {
		case c.path == "" && len(events) != before:
			t.Errorf("%s: an event tells of nothing", c.name)
		case c.path != "" && (len(events) != before+1 || events[0].ResourcePath != c.path):
			t.Errorf("%s: no event", c.name)
		}
	}
}

// TestTexts keeps texts by locale.
func TestTexts(t *testing.T) {
	_, st, by := installation(t)
	texts := &manage.Texts{Store: st}
	if err := texts.Add(t.Context(), by, "shop", "de", map[string]string{"hello": "Hallo", "bye": "Ade"}); err != nil {
		t.Fatal(err)
	}
	if err := texts.DropOne(t.Context(), by, "shop", "de", "bye"); err != nil {
		t.Fatal(err)
	}
	r := find(t, st, "shop")
	kept, err := st.Extra(t.Context(), r.Key, realm.KindRealm, r.Key)
	if err != nil || len(manage.TextsOf(kept)["de"]) != 1 {
		t.Errorf("texts: %v, %v", manage.TextsOf(kept), err)
	}
	if err := texts.Drop(t.Context(), by, "shop", "fr"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("no such locale: %v", err)
	}
	if err := texts.Add(t.Context(), by, "shop", "d/e", nil); !kind[*fault.Invalid](err) {
		t.Errorf("bad locale: %v", err)
	}
}
