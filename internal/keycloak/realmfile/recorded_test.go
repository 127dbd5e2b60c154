package realmfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// recordings reads what Keycloak 26.7.3 answered after importing a file, by the name of the question.
func recordings(t *testing.T, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "recorded", name))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What is not compared: discovery and example tokens, which are made elsewhere; "access" and
// "subGroupCount", which the admin API adds for who asks; the realm's members that hold contents, which
// GET of a realm leaves out.
var notOfTheFile = []string{"access", "subGroupCount"}

// TestRecorded builds each file that Keycloak was given, and compares realm, clients, scopes, roles,
// groups and users with what Keycloak showed of them.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("../testdata/recorded/*.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("recordings are missing: %d, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "new-realm.json" {
			continue
		}
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			b := build(t, filepath.Join("..", "testdata", "wild", name))
			shown := b.shown(t)
			m := matcher{ids: map[string]string{}}
			for _, question := range slices.Sorted(maps.Keys(recordings(t, name))) {
				m.match(question, recordings(t, name)[question], shown[question])
			}
			for _, d := range m.differences {
				t.Error(d)
			}
		})
	}
}

// built is a file that was built, with its users.
type built struct {
	*realmfile.Contents
	users []user.Account
	out   keycloak.Object // exported again
}

func options() realmfile.Options {
	n := 0
	return realmfile.Options{Now: time.Unix(1_700_000_000, 0).UTC(), NewSecret: func() string { return "made-secret" },
		NewID: func() string { n++; return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }}
}

func build(t *testing.T, file string) built {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := buildData(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return b
}

// buildData builds the only realm of a document, as an import does: users are read twice.
func buildData(data []byte) (built, error) {
	env := func(name string) (string, bool) { return "http://127.0.0.1:8080", name == "base" }
	open := func() *strings.Reader { return strings.NewReader(string(data)) }
	var mentions realmfile.Mentions
	realms, err := keycloak.ReadRealms(keycloak.Placeholders(open(), env), func(_, i int, u keycloak.Object) error { return mentions.Add(i, u) })
	if err != nil || len(realms) == 0 {
		return built{}, errors.Join(err, errors.New("no realm"))
	}
	c, err := realmfile.Build(realms[0], &mentions, options())
	if err != nil {
		return built{}, err
	}
	b := built{Contents: c}
	_, err = keycloak.ReadRealms(keycloak.Placeholders(open(), env), func(_, _ int, u keycloak.Object) error {
		p, err := c.Person(u)
		b.users = append(b.users, p.Account)
		return err
	})
	if err != nil {
		return built{}, err
	}
	b.users = append(b.users, c.ServiceAccounts()...)
	b.out, err = export(c)
	return b, err
}

func export(c *realmfile.Contents) (keycloak.Object, error) {
	extras := map[string]realm.Extra{}
	for _, change := range c.Draft.Changes() {
		extras[string(change.Kind)+change.Key] = extraOf(change.Doc)
	}
	return realmfile.Export(c.Draft.Realm(), c.Groups, func(kind realm.Kind, key string) (realm.Extra, error) { return extras[string(kind)+key], nil })
}

func extraOf(doc any) realm.Extra {
	switch doc := doc.(type) {
	case *realm.Settings:
		return doc.Extra
	case *realm.Client:
		return doc.Extra
	case *realm.ClientScope:
		return doc.Extra
	case *realm.Role:
		return doc.Extra
	case *realm.Provider:
		return doc.Extra
	case *realm.KeyProvider:
		return doc.Extra
	}
	return nil
}

// shown is what a GET by the admin API would show, by the name of the question.
func (b built) shown(t *testing.T) map[string]any {
	t.Helper()
	var all map[string]any
	data, err := json.Marshal(b.out)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{"clients": all["clients"], "client scopes": all["clientScopes"], "groups": all["groups"],
		"identity providers": all["identityProviders"], "realm roles": withoutComposites(all["roles"].(map[string]any)["realm"]),
		"default scopes": pick(all["clientScopes"], all["defaultDefaultClientScopes"]), "optional scopes": pick(all["clientScopes"], all["defaultOptionalClientScopes"])}
	for _, c := range all["clients"].([]any) {
		delete(c.(map[string]any), "authorizationSettings") // shown below the client, not in it
	}
	for _, a := range b.users {
		u := jsonOf(t, keycloak.FromUser(b.Draft.Realm(), nil, a))
		for _, member := range []string{"groups", "realmRoles", "clientRoles", "credentials", "serviceAccountClientId"} {
			delete(u, member)
		}
		if a.User.ServiceAccount != "" {
			out["service account of "+b.Draft.Realm().ClientByKey(a.User.ServiceAccount).ID] = u
		}
		out["user "+a.User.Username] = []any{u}
	}
	for _, member := range []string{"clients", "clientScopes", "roles", "groups", "identityProviders", "identityProviderMappers", "components",
		"authenticationFlows", "authenticatorConfig", "requiredActions", "scopeMappings", "clientScopeMappings", "keycloakVersion",
		"defaultDefaultClientScopes", "defaultOptionalClientScopes", "localizationTexts"} {
		delete(all, member)
	}
	if len(all["defaultGroups"].([]any)) == 0 {
		delete(all, "defaultGroups")
	}
	delete(all["attributes"].(map[string]any), "tokenhouse.export")
	out["realm"] = all
	return out
}

func jsonOf(t *testing.T, v any) map[string]any {
	t.Helper()
	var out map[string]any
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func withoutComposites(roles any) any {
	for _, role := range roles.([]any) {
		delete(role.(map[string]any), "composites")
	}
	return roles
}

// pick lists the scopes of these names as the lists of default scopes do.
func pick(scopes, names any) any {
	var out []any
	for _, s := range scopes.([]any) {
		s := s.(map[string]any)
		if slices.Contains(names.([]any), s["name"]) {
			out = append(out, map[string]any{"id": s["id"], "name": s["name"], "protocol": s["protocol"]})
		}
	}
	return out
}

// matcher compares answers with recorded ones, in which <id:3> stands for one id throughout.
type matcher struct {
	ids         map[string]string
	differences []string
}

func (m *matcher) differ(path string, want, got any) {
	m.differences = append(m.differences, fmt.Sprintf("%s: want %v, got %v", path, want, got))
}

func (m *matcher) match(path string, want, got any) {
	switch w := want.(type) {
	case string:
		m.matchText(path, w, got)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			m.differ(path, names(w), names(g))
			return
		}
		for i, pair := range pairs(w, g) {
			m.match(fmt.Sprintf("%s[%d]", path, i), pair[0], pair[1])
		}
	case map[string]any:
		m.matchObject(path, w, got)
	default:
		if want != got {
			m.differ(path, want, got)
		}
	}
}

func (m *matcher) matchText(path, want string, got any) {
	text, _ := got.(string)
	switch {
	case want == "<any>" || want == "<opaque>" || want == "<time>":
		if got == nil {
			m.differ(path, want, got)
		}
	case strings.HasPrefix(want, "<id:"):
		if known, ok := m.ids[want]; ok && known != text || text == "" {
			m.differ(path, want, got)
		}
		m.ids[want] = text
	case want != got:
		m.differ(path, want, got)
	}
}

func (m *matcher) matchObject(path string, want map[string]any, got any) {
	g, ok := got.(map[string]any)
	if !ok {
		m.differ(path, "an object", got)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Contains(notOfTheFile, name) {
			m.match(path+"."+name, want[name], g[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g)) {
		if _, ok := want[name]; !ok && !slices.Contains(notOfTheFile, name) {
			m.differ(path+"."+name, nil, g[name])
		}
	}
}

// pairs puts the elements of two lists together by what names them; lists are sets here.
func pairs(a, b []any) [][2]any {
	byName := func(x, y any) int { return strings.Compare(nameOf(x), nameOf(y)) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortStableFunc(a, byName)
	slices.SortStableFunc(b, byName)
	out := make([][2]any, len(a))
	for i := range a {
		out[i] = [2]any{a[i], b[i]}
	}
	return out
}

func nameOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		for _, member := range []string{"clientId", "name", "alias", "username"} {
			if s, ok := v[member].(string); ok {
				return s + fmt.Sprint(v["subType"])
			}
		}
	}
	return fmt.Sprint(v)
}

func names(list []any) []string {
	var out []string
	for _, v := range list {
		out = append(out, nameOf(v))
	}
	slices.Sort(out)
	return out
}
