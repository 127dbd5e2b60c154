package manage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const testdata = "../../keycloak/testdata"

// realms manages the realms of an empty store.
func realms(t testing.TB) (*manage.Realms, *store.Store) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	env := map[string]string{"base": "http://127.0.0.1:8080", "SHOP": `the "shop"`}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return &manage.Realms{Store: st, Now: time.Now, NewID: uuid.NewString, Env: lookup}, st
}

func text(s string) manage.Document {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

func load(t testing.TB, m *manage.Realms, s string) manage.Report {
	t.Helper()
	report, err := m.Import(t.Context(), text(s), manage.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func find(t testing.TB, st *store.Store, name string) *realm.Realm {
	t.Helper()
	r, err := st.Realm(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func export(t testing.TB, m *manage.Realms, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := m.Export(t.Context(), name, &b, manage.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFixedPoint imports each file there is, exports it, imports that, and exports again: both exports
// say the same, path by path.
func TestFixedPoint(t *testing.T) {
	files, err := filepath.Glob(testdata + "/*/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("realm files are missing: %d, %v", len(files), err)
	}
	m, _ := realms(t)
	for _, file := range files {
		if strings.Contains(file, "recorded") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			report, err := m.Import(t.Context(), text(string(data)), manage.ImportOptions{Existing: manage.Overwrite}) // two are called Test
			if err != nil {
				t.Fatal(err)
			}
			name := report.Realms[0].Realm
			once := export(t, m, name)
			if _, err := m.Import(t.Context(), text(once), manage.ImportOptions{Existing: manage.Overwrite}); err != nil {
				t.Fatal(err)
			}
			for _, d := range differences("", decoded(t, once), decoded(t, export(t, m, name))) {
				t.Error(d)
			}
		})
	}
}

func decoded(t testing.TB, s string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// differences are the places where two documents differ; lists are in order.
func differences(path string, a, b any) []string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		var out []string
		all := maps.Clone(x)
		maps.Copy(all, y)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			out = append(out, differences(path+"."+name, x[name], y[name])...)
		}
		return out
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		var out []string
		for i := range x {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), x[i], y[i])...)
		}
		return out
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %v, then %v", path, a, b)}
}

// TestRefused names files that cannot be imported, with the place in the file that is to blame. None
// leaves anything behind.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, file, field, message string }{
		{"no JSON", `{"realm": "x",`, "", "the document ends too early"},
		{"nothing", ``, "", "the document ends too early"},
		{"a text", `"x"`, "", `"x" where a realm is expected`},
		{"two documents", `{"realm": "x"} {}`, "", "something follows the end of the document"},
		{"unknown member", `{"realm": "x", "colour": "red"}`, "colour", `Unrecognized field "colour"`},
		{"unknown member of a client", `{"realm": "x", "clients": [{"clientId": "c", "colour": 1}]}`, "clients[0].colour", `Unrecognized field "colour"`},
		{"unknown member of a user", `{"realm": "x", "users": [{"username": "u"}, {"colour": 1}]}`, "users[1].colour", `Unrecognized field "colour"`},
		{"wrong type", `{"realm": "x", "enabled": "perhaps"}`, "enabled", `"perhaps" where true or false is expected`},
		{"wrong type below", `{"realm": "x", "clients": [{"clientId": "c", "redirectUris": "u"}]}`, "clients[0].redirectUris", `"u" where a list is expected`},
		{"no name", `{"enabled": true}`, "realm", "Realm name cannot be empty"},
		{"bad name", `{"realm": "a/b"}`, "realm", "Character '/' not allowed."},
		{"client without id", `{"realm": "x", "clients": [{}]}`, "clients[0].clientId", "Client ID cannot be blank"},
		{"client twice", `{"realm": "x", "clients": [{"clientId": "c"}, {"clientId": "c"}]}`, "clients[1].clientId", "Client c already exists"},
		{"script as redirect", `{"realm": "x", "clients": [{"clientId": "c", "redirectUris": ["javascript:alert(1)"]}]}`, "clients[0].redirectUris", "A redirect URI uses an illegal scheme"},
		{"session beyond the realm's", `{"realm": "x", "clients": [{"clientId": "c", "attributes": {"client.session.max.lifespan": "36001"}}]}`,
			"clients[0].clientSessionMaxLifespan", "Client session max lifespan cannot exceed realm SSO session max lifespan."},
		{"role twice", `{"realm": "x", "roles": {"realm": [{"name": "r"}, {"name": "r"}]}}`, "roles.realm[1].name", "Role with name r already exists"},
		{"role of no client", `{"realm": "x", "roles": {"client": {"c": []}}}`, "roles.client.c", "App doesn't exist in role definitions: c"},
		{"unknown composite", `{"realm": "x", "roles": {"realm": [{"name": "r", "composites": {"realm": ["no"]}}]}}`, "roles.realm[0].composites.realm[0]", "Unable to find composite realm role: no"},
		{"scope mapping of nobody", `{"realm": "x", "scopeMappings": [{"client": "no", "roles": []}]}`, "scopeMappings[0].client", "Unknown client specification in scope mappings: no"},
		{"group twice", `{"realm": "x", "groups": [{"name": "g", "subGroups": [{"name": "h"}, {"name": "h"}]}]}`, "groups[0].subGroups[1].name", "Sibling group named 'h' already exists."},
		{"key that is none", `{"realm": "x", "components": {"org.keycloak.keys.KeyProvider": [{"providerId": "rsa", "config": {"privateKey": ["no key"]}}]}}`,
			"components.org.keycloak.keys.KeyProvider[0].config.privateKey", "Failed to decode private key"},
		{"user without name", `{"realm": "x", "users": [{"username": "u"}, {}]}`, "users[1].username", "a user needs a name"},
		{"user twice", `{"realm": "x", "users": [{"username": "u"}, {"username": "U"}]}`, "users[1].username", `another user of the file has the username "u"`},
		{"user in no group", `{"realm": "x", "users": [{"username": "u", "groups": ["/no"]}]}`, "users[0].groups[0]", "Unable to find group specified by path: /no"},
		{"role of a client that is not", `{"realm": "x", "users": [{"username": "u", "clientRoles": {"no": ["r"]}}]}`, "users[0].clientRoles.no[0]", "Unable to find client role mappings for client: no"},
		{"realm twice", `[{"realm": "x"}, {"realm": "x"}]`, "[1].realm", `another realm of the import has the realm "x"`},
		{"realm id twice", `[{"realm": "x", "id": "1"}, {"realm": "y", "id": "1"}]`, "[1].id", `another realm of the import has the id "1"`},
		{"second realm broken", `[{"realm": "x"}, {"realm": "y", "users": [{"username": "u", "groups": ["/no"]}]}]`, "[1].users[0].groups[0]", "Unable to find group specified by path: /no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, st := realms(t)
			_, err := m.Import(t.Context(), text(c.file), manage.ImportOptions{})
			var invalid *fault.Invalid
			if !errors.As(err, &invalid) {
				t.Fatalf("error %v", err)
			}
			if invalid.Field != c.field || invalid.Message != c.message {
				t.Errorf("%q: %q, want %q: %q", invalid.Field, invalid.Message, c.field, c.message)
			}
			if names, err := st.RealmNames(t.Context()); err != nil || len(names) > 0 {
				t.Errorf("left behind: %v, %v", names, err)
			}
		})
	}
}

// TestExisting is what becomes of a realm that is there already.
func TestExisting(t *testing.T) {
	m, st := realms(t)
	load(t, m, `{"realm": "shop", "displayName": "first", "clients": [{"clientId": "old"}]}`)
	second := text(`{"realm": "shop", "clients": [{"clientId": "new"}]}`)

	if _, err := m.Import(t.Context(), second, manage.ImportOptions{}); !errors.Is(err, fault.ErrConflict) || !strings.Contains(err.Error(), "Realm shop already exists") {
		t.Errorf("fail: %v", err)
	}
	report, err := m.Import(t.Context(), second, manage.ImportOptions{Existing: manage.Skip})
	if err != nil || report.Realms[0].Outcome != manage.Skipped || find(t, st, "shop").Client("new") != nil {
		t.Errorf("skip: %+v, %v", report, err)
	}
	report, err = m.Import(t.Context(), second, manage.ImportOptions{Existing: manage.Overwrite})
	if err != nil || report.Realms[0].Outcome != manage.Replaced {
		t.Fatalf("overwrite: %+v, %v", report, err)
	}
	if r := find(t, st, "shop"); r.Client("new") == nil || r.Client("old") != nil {
		t.Error("overwrite: the old realm is still there")
	}
	broken := text(`{"realm": "shop", "users": [{"username": "u", "groups": ["/no"]}]}`)
	if _, err := m.Import(t.Context(), broken, manage.ImportOptions{Existing: manage.Overwrite}); err == nil {
		t.Error("a broken file: no error")
	}
	if find(t, st, "shop").Client("new") == nil {
		t.Error("a broken file took the realm away")
	}
}

// TestBootstrap makes the master realm once, with administrators who hold the roles of every realm.
func TestBootstrap(t *testing.T) {
	m, st := realms(t)
	load(t, m, `{"realm": "before"}`)
	made, err := m.Bootstrap(t.Context(), manage.Administrator{Username: "Root", Password: "open sesame", ClientID: "robot", ClientSecret: "s"})
	if err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	load(t, m, `{"realm": "after"}`)

	r := find(t, st, "master")
	if r.Lifespans.AccessToken != time.Minute {
		t.Errorf("access tokens live %v", r.Lifespans.AccessToken)
	}
	for _, name := range []string{"root", "service-account-robot"} {
		u, err := st.UserByName(t.Context(), r.Key, name)
		if err != nil {
			t.Fatal(err)
		}
		roles := u.RolesIn(r)
		for _, ref := range []realm.RoleRef{{Name: "admin"}, {Name: "create-realm"}, {Client: "master-realm", Name: "manage-users"},
			{Client: "before-realm", Name: "manage-clients"}, {Client: "after-realm", Name: "view-users"}} {
			if role := r.Role(ref); role == nil || !roles.Has(role) {
				t.Errorf("%s lacks %s", name, ref)
			}
		}
	}
	root, _ := st.UserByName(t.Context(), r.Key, "root")
	credentials, err := st.Credentials(t.Context(), r.Key, root.ID)
	if err != nil || len(credentials) != 1 || !user.CheckPassword(credentials[0], "open sesame") || user.CheckPassword(credentials[0], "") {
		t.Errorf("credentials %v, %v", len(credentials), err)
	}

	if made, err := m.Bootstrap(t.Context(), manage.Administrator{Username: "eve", Password: "x"}); err != nil || made {
		t.Errorf("again: made %v, %v", made, err)
	}
	if _, err := st.UserByName(t.Context(), r.Key, "eve"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("a second administrator: %v", err)
	}

	if err := m.Delete(t.Context(), audit.Author{}, "after"); err != nil {
		t.Fatal(err)
	}
	r = find(t, st, "master")
	if r.Client("after-realm") != nil || r.Role(realm.RoleRef{Client: "after-realm", Name: "view-users"}) != nil || r.Client("before-realm") == nil {
		t.Error("deleting a realm did not remove its management client, or removed another")
	}
	if err := m.Delete(t.Context(), audit.Author{}, "master"); err == nil {
		t.Error("the master realm was deleted")
	}
	if err := m.Delete(t.Context(), audit.Author{}, "after"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("deleting again: %v", err)
	}
}

// TestBootstrapAdmits makes the administrator at a later start, where the first named nobody, and no second one.
func TestBootstrapAdmits(t *testing.T) {
	m, st := realms(t)
	for i, tt := range []struct {
		named manage.Administrator
		made  bool
	}{
		{manage.Administrator{ClientID: "robot", ClientSecret: "s"}, true}, // the realm, and a service account
		{manage.Administrator{}, false},
		{manage.Administrator{Username: "root", Password: "open sesame"}, true},
		{manage.Administrator{Username: "root", Password: "another"}, false},
		{manage.Administrator{Username: "eve", Password: "x"}, false},
	} {
		if made, err := m.Bootstrap(t.Context(), tt.named); err != nil || made != tt.made {
			t.Errorf("start %d: made %v, %v", i+1, made, err)
		}
	}
	r := find(t, st, "master")
	root, err := st.UserByName(t.Context(), r.Key, "root")
	if err != nil || !root.RolesIn(r).Has(r.Role(realm.RoleRef{Name: "admin"})) {
		t.Fatalf("root is no administrator: %v", err)
	}
	credentials, err := st.Credentials(t.Context(), r.Key, root.ID)
	if err != nil || len(credentials) != 1 || !user.CheckPassword(credentials[0], "open sesame") {
		t.Errorf("credentials %v, %v", len(credentials), err)
	}
	if _, err := st.UserByName(t.Context(), r.Key, "eve"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("a second administrator: %v", err)
	}
}

// TestBootstrapMends makes the management client that a start left out when it ended too early.
func TestBootstrapMends(t *testing.T) {
	m, st := realms(t)
	if _, err := m.Bootstrap(t.Context(), manage.Administrator{}); err != nil {
		t.Fatal(err)
	}
	d := realm.New("k", realm.Settings{Name: "lost", SSLRequired: "none"})
	if err := st.CreateRealm(t.Context(), d, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if made, err := m.Bootstrap(t.Context(), manage.Administrator{}); err != nil || made {
		t.Fatalf("made %v, %v", made, err)
	}
	if find(t, st, "master").Client("lost-realm") == nil {
		t.Error("the realm has no management client")
	}
}

// TestImportFS reads a directory as Keycloak's export to one writes it.
func TestImportFS(t *testing.T) {
	m, st := realms(t)
	fsys := fstest.MapFS{
		"shop-realm.json":    {Data: []byte(`{"realm": "shop", "clients": [{"clientId": "robot", "serviceAccountsEnabled": true}]}`)},
		"shop-users-0.json":  {Data: []byte(`{"realm": "shop", "users": [{"username": "ann", "realmRoles": ["clerk"]}]}`)},
		"shop-users-1.json":  {Data: []byte(`{"realm": "shop", "users": [{"username": "bob"}, {"username": "service-account-robot", "serviceAccountClientId": "robot"}]}`)},
		"plain.json":         {Data: []byte(`{"realm": "plain"}`)},
		"notes.txt":          {Data: []byte(`not a realm`)},
		"below/ignored.json": {Data: []byte(`nor this`)},
	}
	report, err := m.ImportFS(t.Context(), fsys, manage.ImportOptions{})
	if err != nil || len(report.Realms) != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	r := find(t, st, "shop")
	var names []string
	for a, err := range st.Users(t.Context(), r.Key) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, a.User.Username)
	}
	if want := []string{"ann", "bob", "service-account-robot"}; !slices.Equal(names, want) {
		t.Errorf("users %v, want %v", names, want)
	}
	if r.Role(realm.RoleRef{Name: "clerk"}) == nil {
		t.Error("the role that only a user names was not made")
	}

	fsys["shop-users-1.json"] = &fstest.MapFile{Data: []byte(`{"users": [{"username": "eve", "groups": ["/no"]}]}`)}
	_, err = m.ImportFS(t.Context(), fsys, manage.ImportOptions{Existing: manage.Overwrite})
	var invalid *fault.Invalid
	if !errors.As(err, &invalid) || invalid.Field != "shop-users-1.json: users[0].groups[0]" {
		t.Errorf("broken users: %v", err)
	}
	delete(fsys, "shop-users-1.json")
	fsys["other.json"] = &fstest.MapFile{Data: []byte(`{"realm": "shop"}`)}
	_, err = m.ImportFS(t.Context(), fsys, manage.ImportOptions{Existing: manage.Overwrite})
	if !errors.As(err, &invalid) || invalid.Field != "shop-realm.json: realm" {
		t.Errorf("two files of one realm: %v", err)
	}
	if _, err := m.ImportFS(t.Context(), os.DirFS(filepath.Join(t.TempDir(), "none")), manage.ImportOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// TestPlaceholders are replaced by the environment, in texts and outside of them; others stay.
func TestPlaceholders(t *testing.T) {
	m, st := realms(t)
	load(t, m, `{"realm": "shop", "displayName": "${SHOP}", "enabled": ${ON:true}, "clients": [
		{"clientId": "${ID:web}", "name": "${client_account}", "secret": "${SECRET:a:b}", "rootUrl": "${base}"}]}`)
	r := find(t, st, "shop")
	c := r.Client("web")
	if !r.Enabled || c == nil || c.Secret != "a:b" || c.RootURL != "http://127.0.0.1:8080" {
		t.Errorf("realm enabled %v, client %+v", r.Enabled, c)
	}
	for _, want := range []string{`"name": "${client_account}"`, `"displayName": "the \"shop\""`} {
		if !strings.Contains(export(t, m, "shop"), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
}

// TestImportedUsers have the roles that the file gives them and no others, but for service accounts
// that the file does not have.
func TestImportedUsers(t *testing.T) {
	m, st := realms(t)
	load(t, m, `{"realm": "shop", "clients": [{"clientId": "robot", "serviceAccountsEnabled": true}, {"clientId": "idle"}],
		"users": [{"username": "Ann", "enabled": true, "email": "Ann@Example.test", "realmRoles": ["clerk"], "credentials": [{"type": "password", "value": "secret"}]}]}`)
	r := find(t, st, "shop")
	ann, err := st.UserByName(t.Context(), r.Key, "ann")
	if err != nil {
		t.Fatal(err)
	}
	if len(ann.Roles) != 1 || r.RoleByKey(ann.Roles[0]).Name != "clerk" || ann.Email != "ann@example.test" {
		t.Errorf("ann: %+v", ann)
	}
	credentials, err := st.Credentials(t.Context(), r.Key, ann.ID)
	if err != nil || len(credentials) != 1 || credentials[0].Algorithm != "argon2" || !user.CheckPassword(credentials[0], "secret") {
		t.Errorf("credentials: %+v, %v", credentials, err)
	}
	robot, err := st.ServiceAccount(t.Context(), r.Key, r.Client("robot").Key)
	if err != nil || robot.Username != "service-account-robot" || !slices.Equal(robot.Roles, []string{r.DefaultRole}) {
		t.Errorf("service account: %+v, %v", robot, err)
	}
	if c := r.Client("robot"); !slices.Contains(c.DefaultScopes, r.Scope("service_account").Key) || len(c.Secret) != 32 {
		t.Errorf("client: scopes %v, secret of %d characters", c.DefaultScopes, len(c.Secret))
	}
	if c := r.Client("idle"); slices.Contains(c.DefaultScopes, r.Scope("service_account").Key) {
		t.Error("a client without service account has its scope")
	}
}

// TestKept lists what a file asks for that is not acted on.
func TestKept(t *testing.T) {
	m, _ := realms(t)
	report := load(t, m, `{"realm": "shop", "loginTheme": "mine", "enabled": true, "attributes": {"my.own": "x", "acr.loa.map": "{\"gold\":2}", "tokenhouse.exchange.chain-limit": "many"},
		"clients": [{"clientId": "sp", "protocol": "saml"}, {"clientId": "c", "adminUrl": "http://x", "attributes": {"saml.encrypt": "true", "saml.other": "false", "use.refresh.tokens": "false"}}],
		"users": [{"username": "ann"}, {"username": "bob", "credentials": [{"type": "certificate", "credentialData": "{}", "secretData": "{}"}]}]}`)
	var got []string
	for _, n := range report.Realms[0].Notes {
		got = append(got, n.String())
	}
	want := []string{
		`attributes.tokenhouse.exchange.chain-limit: "many" is not a whole number, -1 or more`,
		"loginTheme: kept, not acted on",
		"attributes.my.own: kept, not acted on",
		"clients[0].protocol: kept, not acted on: a client of protocol saml",
		"clients[1].adminUrl: kept, not acted on",
		"clients[1].attributes.saml.encrypt: kept, not acted on",
		"users[1].credentials[0]: kept, not acted on: a credential of type certificate",
	}
	if !slices.Equal(got, want) {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestKeptOfMany lists the first of very many notes on users, and counts the others.
func TestKeptOfMany(t *testing.T) {
	var users []string
	for i := range 150 {
		users = append(users, fmt.Sprintf(`{"username": "u%d", "credentials": [{"type": "certificate", "credentialData": "{}", "secretData": "{}"}]}`, i))
	}
	m, _ := realms(t)
	notes := load(t, m, `{"realm": "shop", "users": [`+strings.Join(users, ",")+`]}`).Realms[0].Notes
	if len(notes) != 101 || notes[100].String() != "users: 50 more like these" {
		t.Errorf("%d notes, the last %v", len(notes), notes[len(notes)-1])
	}
}

// patient is a store that notes how much memory it takes to read the users of a realm while it is made.
type patient struct {
	*store.Store
	allocated uint64
}

func (p *patient) CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, users iter.Seq2[user.Account, error], audit []event.Admin) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, err := range users {
		if err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	p.allocated = after.TotalAlloc - before.TotalAlloc
	return p.Store.CreateRealm(ctx, d, groups, users, audit)
}

// TestHashedBeforeStored: no password is hashed while a transaction keeps other writers waiting. A hash
// takes 7 MiB, by which it can be told.
func TestHashedBeforeStored(t *testing.T) {
	m, st := realms(t)
	p := &patient{Store: st}
	m.Store = p
	var users []string
	for i := range 8 {
		users = append(users, fmt.Sprintf(`{"username": "U%d", "credentials": [{"type": "otp", "credentialData": "{}", "secretData": "{}"}, {"type": "password", "value": "secret-%d"}]}`, i, i))
	}
	load(t, m, `{"realm": "shop", "users": [`+strings.Join(users, ",")+`]}`)
	if p.allocated > 7<<20 {
		t.Errorf("%d bytes were allocated while the realm was stored", p.allocated)
	}
	r := find(t, st, "shop")
	for i := range 8 {
		u, err := st.UserByName(t.Context(), r.Key, fmt.Sprintf("u%d", i))
		if err != nil {
			t.Fatal(err)
		}
		c, err := st.Credentials(t.Context(), r.Key, u.ID)
		if err != nil || len(c) != 2 || !user.CheckPassword(c[1], fmt.Sprintf("secret-%d", i)) || user.CheckPassword(c[1], "secret") {
			t.Errorf("credentials of %s: %+v, %v", u.Username, c, err)
		}
	}
}

// TestChangedMeanwhile: a file whose users are not those that were read first is not stored.
func TestChangedMeanwhile(t *testing.T) {
	m, st := realms(t)
	passes := 0
	changing := func() (io.ReadCloser, error) {
		passes++
		return text(fmt.Sprintf(`{"realm": "shop", "users": [{"username": "u%d", "credentials": [{"type": "password", "value": "x"}]}]}`, passes))()
	}
	if _, err := m.Import(t.Context(), changing, manage.ImportOptions{}); err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("error %v", err)
	}
	if names, err := st.RealmNames(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// TestMasterReplaced: the new master realm manages the realms that there are.
func TestMasterReplaced(t *testing.T) {
	m, st := realms(t)
	if _, err := m.Bootstrap(t.Context(), manage.Administrator{}); err != nil {
		t.Fatal(err)
	}
	load(t, m, `{"realm": "shop"}`)
	if _, err := m.Import(t.Context(), text(`{"realm": "master"}`), manage.ImportOptions{Existing: manage.Overwrite}); err != nil {
		t.Fatal(err)
	}
	if find(t, st, "master").Client("shop-realm") == nil {
		t.Error("the master realm cannot manage the other one")
	}
}

// TestLargeImport streams users, in and out: of each only a hash of the name stays in memory meanwhile.
func TestLargeImport(t *testing.T) {
	people := 4_000
	if storetest.IsLong() {
		people = 200_000
	}
	const most = 32 << 20 // bytes; the users of the long run take five times as much
	m, st := realms(t)
	watched := watch()
	report, err := m.Import(t.Context(), crowd(people, watched.look), manage.ImportOptions{})
	if err != nil || report.Realms[0].Users != people {
		t.Fatalf("%+v, %v", report, err)
	}
	r := find(t, st, "crowd")
	last := fmt.Sprintf("user-%d", people-1)
	if u, err := st.UserByName(t.Context(), r.Key, last); err != nil || u.Email != last+"@example.test" {
		t.Errorf("the last user: %+v, %v", u, err)
	}
	out := &counter{every: 100 * people / 10, look: watched.look}
	if err := m.Export(context.Background(), "crowd", out, manage.ExportOptions{}); err != nil || out.size < 100*people {
		t.Errorf("export of %d bytes, %v", out.size, err)
	}
	t.Logf("%d users needed up to %.1f MB", people, float64(watched.needed())/(1<<20))
	if needed := watched.needed(); needed > most {
		t.Errorf("%d users needed %d MB, want at most %d", people, needed>>20, most>>20)
	}
}

// gauge watches the memory in use.
type gauge struct{ first, most uint64 }

func watch() *gauge {
	g := &gauge{}
	g.look()
	g.first = g.most
	return g
}

func (g *gauge) look() {
	runtime.GC()
	runtime.GC() // what the first found finalizers for
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	g.most = max(g.most, s.HeapAlloc)
}

func (g *gauge) needed() uint64 { return g.most - g.first }

// counter counts what is written to it, and looks now and then.
type counter struct {
	size, every, seen int
	look              func()
}

func (c *counter) Write(b []byte) (int, error) {
	if c.size += len(b); c.size >= c.seen+c.every {
		c.seen = c.size
		c.look()
	}
	return len(b), nil
}

// crowd is a realm file with many users that is made while it is read, looking now and then.
func crowd(n int, look func()) manage.Document {
	return func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			fmt.Fprint(w, `{"realm": "crowd", "users": [`)
			for i := range n {
				comma := ","
				if i == n-1 {
					comma = ""
				}
				if i%(n/10) == 0 {
					look()
				}
				fmt.Fprintf(w, `{"username": "user-%d", "enabled": true, "email": "user-%d@example.test", "realmRoles": ["offline_access"], "credentials": [{"type": "password",
					"secretData": "{\"value\":\"c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ=\",\"salt\":\"c2FsdA==\"}", "credentialData": "{\"hashIterations\":5,\"algorithm\":\"argon2\"}"}]}%s`, i, i, comma)
			}
			fmt.Fprint(w, `]}`)
			w.Close()
		}()
		return r, nil
	}
}
