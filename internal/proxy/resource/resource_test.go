package resource_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]resource.Resource{
		"uri=/admin*": {URI: "/admin*"},
		"uri=/a|methods=GET,POST|roles=x,client:y": {URI: "/a", Methods: []string{"GET", "POST"}, Roles: []string{"x", "client:y"}},
		"uri=/a|roles=x,y|require-any-role=true":   {URI: "/a", Roles: []string{"x", "y"}, RequireAnyRole: true},
		"uri=/a|groups=g":                          {URI: "/a", Groups: []string{"g"}},
		"uri=/a|white-listed=true":                 {URI: "/a", WhiteListed: true},
		"uri=/a|exchange-to=orders":                {URI: "/a", ExchangeTo: "orders"},
	} {
		got, err := resource.Parse(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                             "no name=value",
		"/admin":                       "no name=value",
		"uri=/a|role=x":                `"role" is none of`,
		"uri=/a|white-listed=perhaps":  "neither true nor false",
		"uri=/a|require-any-role=some": "neither true nor false",
	} {
		if _, err := resource.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestNewTableRefuses(t *testing.T) {
	for want, all := range map[string][]string{
		"begins with /":            {"uri=admin"},
		"write /admin/*":           {"uri=/admin/"},
		"unknown method":           {"uri=/a|methods=get"},
		"stands at the end alone":  {"uri=/a*/b"},
		"has no expression":        {"uri=/a/{id:[0-9]+}"},
		"is a whole segment":       {"uri=/a{id}"},
		"nobody is there":          {"uri=/a|white-listed=true|roles=x"},
		"an empty role":            {"uri=/a|roles="},
		"is there twice":           {"uri=/a|roles=x", "uri=/a|roles=y"},
		"enable-default-deny":      {"uri=/*|white-listed=true"},
		"same methods":             {"uri=/a|methods=GET,POST", "uri=/a|methods=POST"},
		"a whole segment, and has": {"uri=/a/{"},
	} {
		if _, err := resource.NewTable(parse(t, all...), true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", all, err, want)
		}
	}
}

func parse(t *testing.T, all ...string) []resource.Resource {
	t.Helper()
	var out []resource.Resource
	for _, text := range all {
		r, err := resource.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// under are the URIs, sorted, that a request falls under; "!" for one that is refused.
func under(t *testing.T, table *resource.Table, r *http.Request) []string {
	t.Helper()
	found, ok := table.Of(r)
	if !ok {
		return []string{"!"}
	}
	var out []string
	for _, f := range found {
		out = append(out, f.URI)
	}
	slices.Sort(out)
	return out
}

func TestOf(t *testing.T) {
	resources := []string{
		"uri=/admin*|roles=admin", "uri=/admin/help|white-listed=true", "uri=/public/*|white-listed=true", "uri=/orders/{id}/items|roles=orders",
		"uri=/orders/*", "uri=/write|methods=POST,GET|roles=writer", "uri=/secret/*|roles=secret", "uri=/Mixed/*|roles=mixed", "uri=/public/private/*|roles=private", "uri=/|white-listed=true",
	}
	tests := map[string][]string{ // by method and path
		"GET /":                         {"/"},
		"GET /admin":                    {"/admin*"},
		"GET /administrator":            {"/admin*"},
		"GET /admin/help":               {"/admin/help"},
		"GET /admin/help/":              {"/admin*", "/admin/help"}, // some servers cut the last slash
		"GET /public/x.css":             {"/public/*"},
		"GET /public":                   {"/*"}, // a white list is no longer than it says
		"GET /orders/7/items":           {"/orders/{id}/items"},
		"GET /orders/7":                 {"/orders/*"},
		"GET /orders":                   {"/orders/*"},
		"GET /orders//items":            {"/orders/*"},
		"POST /write":                   {"/write"},
		"HEAD /write":                   {"/write"},
		"DELETE /write":                 {"/*"},
		"GET /other":                    {"/*"},
		"GET /ADMIN":                    {"/*", "/admin*"},
		"GET /mixed/x":                  {"/*", "/Mixed/*"},
		"GET /Mixed/x":                  {"/Mixed/*"},
		"GET /public/../admin":          {"/admin*", "/public/*"},
		"GET /public/..%2fadmin":        {"/admin*", "/public/*"},
		"GET /public/%2e%2e/admin":      {"/admin*", "/public/*"},
		"GET /public/%252e%252e/admin":  {"/admin*", "/public/*"},
		"GET /public/..%5Cadmin":        {"/admin*", "/public/*"},
		"GET /public/..;x=1/admin":      {"/admin*", "/public/*"},
		"GET /public/.;/../admin":       {"/admin*", "/public/*"},
		"GET /%61dmin":                  {"/admin*"},
		"GET //admin":                   {"/*", "/admin*"},
		"GET /./admin":                  {"/*", "/admin*"},
		"GET /admin;x":                  {"/admin*"},
		"GET /;x/admin":                 {"/*", "/admin*"},
		"GET /public%2f..%2fsecret%2fa": {"/*", "/public/*", "/secret/*"},
		"GET /public/a%2fb":             {"/public/*"},
		"GET /secret":                   {"/secret/*"},
		"GET /secret/":                  {"/secret/*"},
		"GET /%41dmin":                  {"/*", "/admin*"}, // a capital that no letter of the escape shows
		"GET /public/%2541":             {"/public/*"},
		"GET /%c5%bfecret/x":            {"/*", "/secret/*"}, // ſ
		"GET /ſecret/x":                 {"/*", "/secret/*"},
		"GET /public/x//../../private/": {"/*", "/public/*", "/public/private/*"}, // to browsers and Node, an empty segment is one
		"GET /public/private.":          {"/public/*", "/public/private/*"},       // Windows cuts dots and spaces
		"GET /public/private%20/x":      {"/public/*", "/public/private/*"},
		"GET /secret.%20./x":            {"/*", "/secret/*"},
		"GET /admin%2fhelp%3f":          {"/admin*", "/admin/help"}, // who decodes first, and reads then, finds a query
		"GET /secret%23x":               {"/*", "/secret/*"},
		"GET /public/...":               {"/public/*"},
		"GET /public/a.b/c.txt":         {"/public/*"},
		"GET /public/%00":               {"!"},
		"GET /public/%c0%ae%c0%ae/x":    {"!"}, // a dot in two bytes
		"GET /public/%25e0%2580%25ae":   {"!"},
		"GET /public/%c3%80%c3%a9":      {"/public/*"},
		"post /write":                   {"/*", "/write"},
		"GET /public/a%0d%0ab":          {"!"},
		"GET /public/%2525252525252e":   {"!"},
		"GET /../x":                     {"!"}, // below an upstream's path, it would lead out of that
		"GET /public/..%2f../x":         {"!"},
		"GET /public/..;/..;/x":         {"!"},
		"GET /public/..%5c..%5cx":       {"!"},
		"GET /public/100%25":            {"/public/*"},
		"GET /write?_method=DELETE":     {"/*", "/write"},
		"GET /write?%5fmethod=delete":   {"/*", "/write"},
		"GET /public/x?_method=DELETE":  {"/public/*"},
		"GET /other?x=/public/":         {"/*"},
	}
	table, err := resource.NewTable(parse(t, resources...), true)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range tests {
		method, target, _ := strings.Cut(name, " ")
		if got := under(t, table, httptest.NewRequest(method, "http://gate.example"+target, nil)); !slices.Equal(got, want) {
			t.Errorf("%s: under %q, want %q", name, got, want)
		}
	}
	for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE", "X-Http_Method", "X.Http!Method"} {
		r := httptest.NewRequest("POST", "http://gate.example/write", nil)
		r.Header.Set(header, "delete")
		if got, want := under(t, table, r), []string{"/*", "/write"}; !slices.Equal(got, want) {
			t.Errorf("%s: under %q, want %q", header, got, want)
		}
	}
}

// TestWithoutDefaultDeny: what no resource is about is open then, and what some reading of it is about is not.
func TestWithoutDefaultDeny(t *testing.T) {
	table, err := resource.NewTable(parse(t, "uri=/admin/*"), false)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{"/other": nil, "/admin": {"/admin/*"}, "/x/..%2Fadmin": {"/admin/*"}} {
		if got := under(t, table, httptest.NewRequest("GET", "http://gate.example"+path, nil)); !slices.Equal(got, want) {
			t.Errorf("%s: under %q, want %q", path, got, want)
		}
	}
}

func TestRefuse(t *testing.T) {
	holder := resource.Holder{Roles: []string{"a", "client:b"}, Groups: []string{"/staff"}}
	for text, want := range map[string]string{
		"uri=/x":                                      "",
		"uri=/x|roles=a":                              "",
		"uri=/x|roles=a,client:b":                     "",
		"uri=/x|roles=a,b":                            "role b is missing",
		"uri=/x|roles=b":                              "role b is missing",
		"uri=/x|roles=b,a|require-any-role=true":      "",
		"uri=/x|roles=b,c|require-any-role=true":      "none of the roles b, c",
		"uri=/x|require-any-role=true":                "",
		"uri=/x|groups=/other,/staff":                 "",
		"uri=/x|groups=/other":                        "in none of the groups /other, but in /staff",
		"uri=/x|roles=a|groups=/other":                "in none of the groups /other, but in /staff",
		"uri=/x|roles=nothing|groups=/staff":          "role nothing is missing",
		"uri=/x|roles=A|require-any-role=true":        "none of the roles A",
		"uri=/x|roles=client:b|require-any-role=true": "",
	} {
		if got := parse(t, text)[0].Refuse(holder); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	realm := resource.Holder{Roles: []string{resource.Role("", "app:admin")}}
	for text, want := range map[string]string{
		"uri=/x|roles=app:admin":                         `role app:admin is missing; the token has one of the realm of these letters, which is spelled app\:admin`,
		`uri=/x|roles=app\:admin`:                        "",
		"uri=/x|roles=b,app:admin|require-any-role=true": `none of the roles b, app:admin; the token has one of the realm of these letters, which is spelled app\:admin`,
	} {
		if got := parse(t, text)[0].Refuse(realm); got != want {
			t.Errorf("%s, of a realm's role: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"uri=/x|roles=a": "role a is missing", "uri=/x|groups=/staff": "in none of the groups /staff: the token names no groups"} {
		if got := parse(t, text)[0].Refuse(resource.Holder{}); got != want {
			t.Errorf("%s, of whoever has nothing: %q, want %q", text, got, want)
		}
	}
}

// FuzzOf: a request is under the strict resource wherever a server that decodes and cleans its path sees it there.
func FuzzOf(f *testing.F) {
	for _, seed := range []string{"/secret/x", "/public/../secret/", "/public/..%2fsecret%2f", "/%73ecret/;a", `/public\..\secret\`} {
		f.Add(seed)
	}
	table, err := resource.NewTable([]resource.Resource{{URI: "/secret/*", Roles: []string{"r"}}, {URI: "/*", WhiteListed: true}}, false)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := &http.Request{Method: "GET", Header: http.Header{}}
		u, err := http.NewRequest("GET", "http://gate.example"+raw, nil)
		if err != nil || u.URL.Host != "gate.example" {
			t.Skip()
		}
		r.URL = u.URL
		mux := http.NewServeMux() // cleans decoded paths, as many servers do
		reached := false
		mux.HandleFunc("/secret/", func(http.ResponseWriter, *http.Request) { reached = true })
		follow := r.Clone(t.Context())
		follow.Host = "gate.example"
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, follow)
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "/secret/") {
			reached = true
		}
		if got, ok := table.Of(r); reached && ok && !slices.ContainsFunc(got, func(r *resource.Resource) bool { return r.URI == "/secret/*" }) {
			t.Errorf("%q: a server sees it below /secret, the gatekeeper does not", raw)
		}
	})
}
