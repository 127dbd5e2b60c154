package rest_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
)

// world has realm "shop" with client "desk", user "u-1", and administrators whose tokens are the names of their
// roles, with commas.
type world struct {
	http.Handler
	realm *realm.Realm
	seen  *rest.Request // that a route was asked last
}

func newWorld(t *testing.T, routes ...rest.Route) *world {
	d := realm.New("r-1", realm.Settings{Name: "shop", Enabled: true})
	d.PutClient(&realm.Client{Key: "c-rm", ID: "realm-management"})
	d.PutClient(&realm.Client{Key: "c-1", ID: "desk", WebOrigins: []string{"https://app.example"}})
	for _, name := range permit.All.Names() {
		d.PutRole(&realm.Role{Key: "role-" + name, Name: name, Client: "c-rm"})
	}
	w := &world{realm: d.Realm()}
	for i := range routes {
		if routes[i].Handle == nil {
			routes[i].Handle = func(answer http.ResponseWriter, r *rest.Request) error {
				w.seen = r
				return rest.JSON(answer, r.PathValue("role"))
			}
		}
	}
	w.Handler = rest.New(rest.Deps{Realms: w, Administrators: w, Users: w, Callers: &caller.Resolver{},
		Now: time.Now, NewID: func() string { return "id" }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, routes)
	return w
}

func (w *world) Realm(_ context.Context, name string) (*realm.Realm, error) {
	if name != "shop" {
		return nil, fault.ErrNotFound
	}
	return w.realm, nil
}

func (w *world) User(_ context.Context, _, id string) (*user.User, error) {
	if id != "u-1" {
		return nil, fault.ErrNotFound
	}
	return &user.User{ID: id}, nil
}

func (w *world) Administrator(_ context.Context, _ string, p verify.Presented) (*permit.Administrator, error) {
	if p.Token == "stale" {
		return nil, &verify.Failure{Reason: verify.Expired}
	}
	roles := &realm.RoleSet{}
	for name := range strings.SplitSeq(p.Token, ",") {
		if role := w.realm.RoleByKey("role-" + name); role != nil {
			roles.Add(role)
		}
	}
	return &permit.Administrator{Realm: w.realm, Client: w.realm.Client("desk"), User: &user.User{ID: "boss"}, Roles: roles}, nil
}

// ask sends a request; header are names and values in turn.
func (w *world) ask(method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://id.example"+path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

func TestAddresses(t *testing.T) {
	w := newWorld(t, rest.Route{Method: "GET", Path: "/roles/{role}"}, rest.Route{Method: "DELETE", Path: "/roles/{role}"},
		rest.Route{Method: "GET", Path: "/by-path/{role...}"}, rest.Route{Method: "GET", Path: "", Need: permit.ToNameRealm}, rest.Route{Method: "GET", Path: "/admin/{realm}/console/whoami"})
	const notFound, notAllowed = `{"error":"HTTP 404 Not Found"}`, `{"error":"HTTP 405 Method Not Allowed"}`
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/admin/realms/shop/roles/clerk", 200, `"clerk"`},
		{"GET", "/admin/realms/shop/roles/clerk/", 200, `"clerk"`},
		{"GET", "/admin/realms/shop/roles/a%2Fb", 200, `"a/b"`},
		{"GET", "/admin/realms/shop/roles/a%2F", 200, `"a/"`},
		{"GET", "/admin/realms/shop/roles/two%20words", 200, `"two words"`},
		{"GET", "/admin/realms/shop/roles/%2E%2E", 200, `".."`},
		{"GET", "/admin/realms/shop/", 200, `""`},
		{"GET", "/admin/realms/shop/by-path/a/b/", 200, `"a/b"`},
		{"GET", "/admin/realms/shop/by-path", 404, notFound},
		{"GET", "/admin/realms/shop/by-path/", 404, notFound},
		{"GET", "/admin/shop/console/whoami", 200, `""`},
		{"POST", "/admin/realms/shop/roles/clerk", 404, notFound},
		{"PATCH", "/admin/realms/shop/roles/clerk", 405, notAllowed},
		{"GET", "/admin/realms/shop/nothing", 404, notFound},
		{"GET", "/admin/realms/shop/roles/%ff", 404, notFound},
		{"GET", "/admin/realms/shop/roles/a%00b", 404, notFound},
		{"GET", "/admin/realms/shop//roles/clerk", 400, `{"error":"missingNormalization","error_description":"Request path not normalized"}`},
		{"GET", "/admin/realms/shop/x/../roles/clerk", 400, `{"error":"missingNormalization","error_description":"Request path not normalized"}`},
		{"GET", "/admin/realms/none/roles/clerk", 404, `{"error":"Realm not found."}`},
		{"GET", "/admin/nothing", 405, notAllowed},
	} {
		got := w.ask(tt.method, tt.path, "view-realm", "")
		if got.Code != tt.status || got.Body.String() != tt.body {
			t.Errorf("%s %s is answered %d %s, want %d %s", tt.method, tt.path, got.Code, got.Body, tt.status, tt.body)
		}
	}
}

func TestRefusalsComeInOrder(t *testing.T) {
	w := newWorld(t, rest.Route{Method: "PUT", Path: "/clients/{client}", Need: permit.ToManageClients},
		rest.Route{Method: "PUT", Path: "/users/{user}", Need: permit.ToManageUsers})
	for _, tt := range []struct {
		path, token string
		status      int
	}{
		{"/admin/realms/none/clients/c-1", "", 401},
		{"/admin/realms/none/clients/c-1", "stale", 401},
		{"/admin/realms/none/clients/c-1", "view-users", 404},
		{"/admin/realms/shop/clients/c-1", "nothing", 403},
		{"/admin/realms/shop/clients/none", "nothing", 403},
		{"/admin/realms/shop/clients/none", "query-clients", 404}, // who may list them may know
		{"/admin/realms/shop/clients/c-1", "query-clients", 403},
		{"/admin/realms/shop/clients/c-1", "manage-clients", 200},
		{"/admin/realms/shop/users/none", "manage-clients", 403},
		{"/admin/realms/shop/users/none", "query-users", 404},
		{"/admin/realms/shop/users/u-1", "query-users", 403},
		{"/admin/realms/shop/users/u-1", "query-clients,manage-users", 200},
	} {
		if got := w.ask("PUT", tt.path, tt.token, ""); got.Code != tt.status {
			t.Errorf("%s by %q is answered %d %s, want %d", tt.path, tt.token, got.Code, got.Body, tt.status)
		}
	}
}

func TestBearer(t *testing.T) {
	w := newWorld(t, rest.Route{Method: "GET", Path: "/roles"})
	for _, tt := range []struct {
		header []string
		status int
	}{
		{nil, 401},
		{[]string{"Authorization", "Bearer"}, 401},
		{[]string{"Authorization", "Bearer "}, 401},
		{[]string{"Authorization", "Basic YTpi"}, 401},
		{[]string{"Authorization", "bearer view-realm"}, 200},
		{[]string{"Authorization", "Bearer view-realm", "Authorization", "Bearer view-realm"}, 400},
	} {
		got := w.ask("GET", "/admin/realms/shop/roles?access_token=view-realm", "", "", tt.header...)
		if got.Code != tt.status {
			t.Errorf("%q is answered %d %s, want %d", tt.header, got.Code, got.Body, tt.status)
		}
		if got.Code == 401 && (got.Body.String() != `{"error":"HTTP 401 Unauthorized"}` || got.Header()["Www-Authenticate"] != nil) {
			t.Errorf("%q is answered %s %v", tt.header, got.Body, got.Header())
		}
	}
}

func TestBrowsersMayAskForPagesOfTheClient(t *testing.T) {
	w := newWorld(t, rest.Route{Method: "GET", Path: "/roles", Need: permit.ToViewRealm})
	preflight := w.ask("OPTIONS", "/admin/realms/shop/roles", "", "", "Origin", "https://anywhere.example", "Access-Control-Request-Method", "PUT")
	if h := preflight.Header(); preflight.Code != 200 || h.Get("Access-Control-Allow-Origin") != "https://anywhere.example" || h.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("preflight is answered %d %v", preflight.Code, h)
	}
	for _, tt := range []struct {
		origin, token string
		status        int
		shared        string
	}{
		{"https://app.example", "view-realm", 200, "https://app.example"},
		{"https://app.example", "nothing", 403, "https://app.example"},
		{"https://anywhere.example", "view-realm", 403, ""},
		{"http://id.example", "view-realm", 200, ""}, // the server's own
		{"null", "view-realm", 403, ""},
	} {
		got := w.ask("GET", "/admin/realms/shop/roles", tt.token, "", "Origin", tt.origin)
		if got.Code != tt.status || got.Header().Get("Access-Control-Allow-Origin") != tt.shared {
			t.Errorf("a page of %s with %s is answered %d %v", tt.origin, tt.token, got.Code, got.Header())
		}
	}
}

func TestHeadersOfAnswers(t *testing.T) {
	nothing := func(w http.ResponseWriter, _ *rest.Request) error { return rest.NoContent(w) }
	w := newWorld(t, rest.Route{Method: "GET", Path: "/a"}, rest.Route{Method: "GET", Path: "/b", Exceptional: true},
		rest.Route{Method: "PUT", Path: "/a", Handle: nothing}, rest.Route{Method: "PUT", Path: "/b", Handle: nothing, Exceptional: true},
		rest.Route{Method: "GET", Path: "/c", Handle: func(http.ResponseWriter, *rest.Request) error { return rest.NotFound("gone") }},
		rest.Route{Method: "POST", Path: "/a", Handle: func(w http.ResponseWriter, r *rest.Request) error { return rest.Created(w, r, "a b/c") }})
	for _, tt := range []struct {
		method, path, cache, contentType string
		status                           int
	}{
		{"GET", "a", "no-cache", "application/json;charset=UTF-8", 200},
		{"HEAD", "a", "no-cache", "application/json;charset=UTF-8", 200},
		{"GET", "b", "", "application/json;charset=UTF-8", 200},
		{"GET", "c", "", "application/json", 404},
		{"PUT", "a", "", "", 204},
		{"PUT", "b", "no-cache", "", 204},
		{"POST", "a", "", "", 201},
	} {
		got := w.ask(tt.method, "/admin/realms/shop/"+tt.path, "view-realm", "")
		if h := got.Header(); got.Code != tt.status || h.Get("Cache-Control") != tt.cache || h.Get("Content-Type") != tt.contentType {
			t.Errorf("%s %s is answered %d %v", tt.method, tt.path, got.Code, h)
		}
	}
	if got := w.ask("POST", "/admin/realms/shop/a/", "view-realm", "").Header().Get("Location"); got != "http://id.example/admin/realms/shop/a/a%20b%2Fc" {
		t.Errorf("what was made is at %s", got)
	}
}

func TestRoutesAreUnique(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two routes of one address are taken")
		}
	}()
	newWorld(t, rest.Route{Method: "GET", Path: "/a"}, rest.Route{Method: "GET", Path: "/a"})
}

func TestAuthorIsTheCaller(t *testing.T) {
	w := newWorld(t, rest.Route{Method: "GET", Path: "/a"})
	w.ask("GET", "/admin/realms/shop/a", "view-realm,query-users", "")
	a := w.seen.Author.Actor
	if a.Realm != "r-1" || a.Client != "c-1" || a.UserID != "boss" || a.Address != "192.0.2.1" {
		t.Errorf("the author is %+v", a)
	}
	if w.seen.Rights != permit.ViewRealm|permit.QueryUsers {
		t.Errorf("rights are %v", w.seen.Rights.Names())
	}
}
