package server

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

var update = flag.Bool("update", false, "write testdata/permissions.txt and the table in docs/security.md anew")

// TestPermissions calls every route as the holder of each single role. Who may not is told so, whether what
// the address names is there or not; everybody else is not, and is never answered that the server failed.
// testdata/permissions.txt says for people which roles open what.
func TestPermissions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var table strings.Builder
	for _, group := range nouns(o.server.store, Config{}, newAccounts(o.server.store, Config{}, nil), &inspect.Inspector{}) {
		for _, r := range group {
			if !r.Open && strings.HasPrefix(r.Path, "/") && !strings.HasPrefix(r.Path, "/admin/") || r.Path == "" {
				o.routes = append(o.routes, r)
			}
		}
	}
	slices.SortFunc(o.routes, byPath)
	noun := ""
	for _, r := range o.routes {
		if n, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/"); n != noun {
			noun = n
			table.WriteByte('\n')
		}
		fmt.Fprintf(&table, "%-7s%-76s%s\n", r.Method, "R"+r.Path, o.call(r))
	}
	const file = "testdata/permissions.txt"
	got := heading + table.String()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is another (-update rewrites it):\n%s", file, diff)
	}
}

const heading = `Which roles open what, below R = /admin/realms/{realm}: one of them is enough. "any" is each but impersonation.
Behind "but" are roles that are in the list and yet refused, since the request asks for more.
`

// byPath orders routes by address, and what deletes a realm last.
func byPath(a, b rest.Route) int {
	if last := rank(a) - rank(b); last != 0 {
		return last
	}
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	return strings.Compare(a.Method, b.Method)
}

func rank(r rest.Route) int {
	if r.Method == "DELETE" && r.Path == "" {
		return 1
	}
	return 0
}

// office is a realm with an administrator for each role, named like it.
type office struct {
	*testing.T
	server *Server
	routes []rest.Route
	tokens map[string]string
	rights map[string]permit.Rights
}

func newOffice(t *testing.T) *office {
	s, err := New(t.Context(), Config{Development: true, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), Import: staff(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	o := &office{T: t, server: s, tokens: map[string]string{}, rights: map[string]permit.Rights{}}
	r, err := s.store.Realm(t.Context(), "office")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range permit.All.Names() {
		o.signIn(role)
		u, err := s.store.UserByName(t.Context(), r.Key, role)
		if err != nil {
			t.Fatal(err)
		}
		o.rights[role] = (&permit.Administrator{Realm: r, User: u, Roles: u.RolesIn(r)}).RightsIn(r)
	}
	return o
}

// staff is a directory with the realm's file.
func staff(t *testing.T) string {
	type object = map[string]any
	var users []object
	for _, role := range append(permit.All.Names(), "somebody", "realm-admin") {
		u := object{"username": role, "enabled": true, "firstName": "A", "lastName": "B", "email": role + "@example.test",
			"credentials": []object{{"type": "password", "value": role}}}
		if role == "somebody" {
			u["id"] = "a-user"
		} else {
			u["clientRoles"] = object{"realm-management": []string{role}}
		}
		users = append(users, u)
	}
	text, err := json.Marshal(object{"realm": "office", "enabled": true, "sslRequired": "none", "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
		"clients": []object{{"id": "a-client", "clientId": "desk", "secret": "desk-secret"}}, "users": users})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/office.json", text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (o *office) signIn(name string) {
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {name}, "password": {name}}
	q := httptest.NewRequest("POST", "http://id.example.test/realms/office/protocol/openid-connect/token", strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	o.server.Handler().ServeHTTP(w, q)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Token == "" {
		o.Fatalf("%s may not sign in: %s", name, w.Body)
	}
	o.tokens[name] = answer.Token
}

// call calls a route by each role, and says which open it.
func (o *office) call(r rest.Route) string {
	var open, but []string
	for _, role := range permit.All.Names() {
		may := o.rights[role].May(r.Need)
		if may && rank(r) > 0 {
			open = append(open, role) // the realm is still needed
			continue
		}
		switch status := o.ask(r, role); {
		case !may:
			if status != http.StatusForbidden {
				o.Errorf("%s %s: %s is answered %d, needs %v", r.Method, r.Path, role, status, permit.Rights(r.Need).Names())
			}
		case status == http.StatusForbidden:
			but = append(but, role)
			open = append(open, role)
		case status >= http.StatusInternalServerError && status != http.StatusNotImplemented, status == http.StatusMethodNotAllowed, status == http.StatusUnauthorized:
			o.Errorf("%s %s: %s is answered %d", r.Method, r.Path, role, status)
		default:
			open = append(open, role)
		}
	}
	text := strings.Join(open, " ")
	if len(open) >= len(permit.All.Names())-1 {
		text = "any"
	}
	if len(but) > 0 {
		text += " but " + strings.Join(but, " ")
	}
	return text
}

var values = regexp.MustCompile(`\{[^}]+\}`)

// ask calls a route once. Who may not asks for what is there, who may for what is not: nothing comes of it.
func (o *office) ask(r rest.Route, role string) int {
	may := o.rights[role].May(r.Need)
	path := values.ReplaceAllStringFunc(r.Path, func(name string) string {
		switch {
		case name == "{client}" && !may:
			return "a-client"
		case name == "{user}" && (!may || r.Need == permit.ToImpersonate): // who may do no more is not told who is there
			return "a-user"
		}
		return "nothing"
	})
	body := ""
	if r.Method == "POST" || r.Method == "PUT" {
		body = "{}"
	}
	for range 2 {
		if w := o.send(r.Method, "/admin/realms/office"+path, role, body); w.Code != http.StatusUnauthorized {
			return w.Code
		}
		o.signIn(role) // a route that ends sessions ended theirs
	}
	return http.StatusUnauthorized
}

// send sends a request as somebody who signed in.
func (o *office) send(method, path, name, body string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, "http://id.example.test"+path, strings.NewReader(body))
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if token := o.tokens[name]; token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	o.server.Handler().ServeHTTP(w, q)
	return w
}
