package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/examples"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// edge is the whole handler tree of a server with the shop of the examples.
type edge struct {
	http.Handler
	log bytes.Buffer
}

// newEdge wires a server as change wants it; the shop's settings are replaced by those of the realm.
func newEdge(t *testing.T, settings map[string]any, change func(*server.Config)) *edge {
	t.Helper()
	var shop map[string]any
	if err := json.Unmarshal(examples.Shop, &shop); err != nil {
		t.Fatal(err)
	}
	for name, value := range settings {
		shop[name] = value
	}
	text, err := json.Marshal(shop)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shop.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	e := &edge{}
	c := server.Config{Development: true, Import: dir,
		Log: slog.New(slog.NewJSONHandler(&e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&c)
	}
	s, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	e.Handler = s.Handler()
	return e
}

const (
	tokenPath = "/realms/shop/protocol/openid-connect/token"
	formType  = "application/x-www-form-urlencoded"
)

// signIn is a password grant that works.
const signIn = "grant_type=password&client_id=storefront&username=alice&password=alice-password&scope=openid"

// asked is what reaches the server.
type asked struct {
	method, path string
	header       []string // name, value, …
	body         string
	peer         string // address that it comes from; 127.0.0.1 where empty
}

func (e *edge) do(q asked) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.method, "http://id.example"+q.path, strings.NewReader(q.body))
	r.RemoteAddr = "127.0.0.1:4711"
	if q.peer != "" {
		r.RemoteAddr = q.peer + ":4711"
	}
	if q.method == http.MethodPost {
		r.Header.Set("Content-Type", formType)
	}
	for i := 0; i < len(q.header); i += 2 {
		r.Header.Set(q.header[i], q.header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func TestEdge(t *testing.T) {
	e := newEdge(t, nil, nil)
	large := signIn + "&filler=" + strings.Repeat("x", 64<<10)
	tests := []struct {
		name   string
		q      asked
		status int
		want   string // in the body
	}{
		{"sign-in", asked{method: "POST", path: tokenPath, body: signIn}, 200, `"access_token"`},
		{"a body over 64 KiB", asked{method: "POST", path: tokenPath, body: large}, 413, `413`},
		{"a body over 64 KiB that is no form", asked{method: "POST", path: tokenPath, body: large, header: []string{"Content-Type", "application/json"}}, 413, `413`},
		{"a form that is broken", asked{method: "POST", path: tokenPath, body: "grant_type=%"}, 400, `{"error":"invalid_request","error_description":"Malformed form"}`},
		{"a NUL in a parameter", asked{method: "POST", path: tokenPath, body: signIn + "%00"}, 400, `Malformed form`},
		{"bytes that are no text", asked{method: "POST", path: tokenPath, body: "grant_type=password&client_id=storefront&username=%ff&password=x"}, 400, `Malformed form`},
		{"more parameters than anybody has", asked{method: "POST", path: tokenPath, body: strings.Repeat("a=1&", 300)}, 400, `Malformed form`},
		{"introspection of a broken form", asked{method: "POST", path: tokenPath + "/introspect", body: "token=%zz"}, 400, `Malformed form`},
		{"revocation of a broken form", asked{method: "POST", path: "/realms/shop/protocol/openid-connect/revoke", body: "token=%zz"}, 400, `Malformed form`},
		{"userinfo of a broken form", asked{method: "POST", path: "/realms/shop/protocol/openid-connect/userinfo", body: "access_token=%zz"}, 400, `Malformed form`},
		{"sign-out of a broken form", asked{method: "POST", path: "/realms/shop/protocol/openid-connect/logout", body: "refresh_token=%zz"}, 400, `Malformed form`},
		{"sign-out without a token", asked{method: "POST", path: "/realms/shop/protocol/openid-connect/logout", body: "client_id=storefront"}, 200, `Do you want to log out?`},
		{"sign-out by GET", asked{method: "GET", path: "/realms/shop/protocol/openid-connect/logout"}, 200, `Do you want to log out?`},
		{"a realm with a NUL in its name", asked{method: "GET", path: "/realms/%00"}, 404, `Realm does not exist`},
		{"a realm whose name is no text", asked{method: "GET", path: "/realms/%ff"}, 404, `Realm does not exist`},
		{"a realm with a slash in its name", asked{method: "GET", path: "/realms/shop%2Fx"}, 404, `Realm does not exist`},
		{"a Host that is none", asked{method: "GET", path: "/realms/shop", header: []string{"Host", "evil.example/x?"}}, 400, `400`},
		{"nowhere", asked{method: "GET", path: "/nothing"}, 404, `Unable to find matching target resource method`},
		{"folder of what pages load", asked{method: "GET", path: "/resources/"}, 404, ``},
		{"nowhere in a realm", asked{method: "GET", path: "/realms/shop/nothing"}, 404, `HTTP 404 Not Found`},
		{"nowhere in an unknown realm", asked{method: "GET", path: "/realms/none/nothing"}, 404, `Realm does not exist`},
		{"a protocol without endpoint", asked{method: "GET", path: "/realms/shop/protocol/openid-connect/"}, 404, `HTTP 404 Not Found`},
		{"another protocol", asked{method: "GET", path: "/realms/shop/protocol/saml"}, 404, `Protocol not found`},
		{"an unknown method", asked{method: "BREW", path: tokenPath}, 405, `405`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := e.do(tt.q)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
}

// TestIssuerFollowsNobody: who sends forged headers must not decide what the issuer of a token is.
func TestIssuerFollowsNobody(t *testing.T) {
	forged := []string{"Host", "evil.example", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example;proto=https"}
	tests := map[string]struct {
		change func(*server.Config)
		peer   string
		header []string
		issuer string
	}{
		"hostname set":            {func(c *server.Config) { c.Public.Hostname = "https://id.example/sso" }, "", forged, "https://id.example/sso/realms/shop"},
		"hostname's host set":     {func(c *server.Config) { c.Public.Hostname = "id.example"; c.Public.Path = "/auth" }, "", forged, "http://id.example/auth/realms/shop"},
		"proxies not believed":    {nil, "", forged[2:], "http://id.example/realms/shop"},
		"not from a proxy":        {func(c *server.Config) { c.Proxy = trusted("10.0.0.0/8") }, "192.168.1.1", forged[2:], "http://id.example/realms/shop"},
		"from a trusted proxy":    {func(c *server.Config) { c.Proxy = trusted("10.0.0.0/8") }, "10.0.0.1", []string{"X-Forwarded-Host", "login.example", "X-Forwarded-Proto", "https"}, "https://login.example/realms/shop"},
		"what a proxy passed on":  {func(c *server.Config) { c.Proxy = trusted("10.0.0.0/8") }, "10.0.0.1", []string{"X-Forwarded-Host", "evil.example, login.example"}, "http://login.example/realms/shop"},
		"the other kind of proxy": {func(c *server.Config) { c.Proxy = trusted("10.0.0.0/8") }, "10.0.0.1", []string{"Forwarded", "host=evil.example"}, "http://id.example/realms/shop"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			prefix := ""
			e := newEdge(t, nil, func(c *server.Config) {
				if tt.change != nil {
					tt.change(c)
				}
				prefix = c.Public.Path
			})
			w := e.do(asked{method: "GET", path: prefix + "/realms/shop/.well-known/openid-configuration", peer: tt.peer, header: tt.header})
			var document struct{ Issuer string }
			if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil {
				t.Fatalf("%d %s: %v", w.Code, w.Body, err)
			}
			if document.Issuer != tt.issuer {
				t.Errorf("issuer %s, want %s", document.Issuer, tt.issuer)
			}
		})
	}
}

func trusted(network string) server.Proxy {
	return server.Proxy{Headers: "xforwarded", Trusted: []netip.Prefix{netip.MustParsePrefix(network)}}
}

func TestTLSIsRequired(t *testing.T) {
	const outside = "203.0.113.7"
	https := []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", outside}
	tests := []struct {
		name, required, peer string
		header               []string
		refused              bool
	}{
		{"external, from here", "external", "", nil, false},
		{"external, from a private network", "external", "10.0.0.9", nil, false},
		{"external, from outside", "external", outside, nil, true},
		{"external, from outside, who claims TLS", "external", outside, https, true},
		{"external, from outside, who claims to be inside", "external", outside, []string{"X-Forwarded-For", "10.0.0.9"}, true},
		{"external, from outside, by a proxy with TLS", "external", "10.0.0.1", https, false},
		{"external, from outside, by a proxy without", "external", "10.0.0.1", []string{"X-Forwarded-For", outside}, true},
		{"all, from here", "all", "", nil, true},
		{"all, by a proxy with TLS", "all", "10.0.0.1", https, false},
		{"none, from outside", "none", outside, nil, false},
	}
	edges := map[string]*edge{}
	for _, required := range []string{"external", "all", "none"} {
		edges[required] = newEdge(t, map[string]any{"sslRequired": required}, func(c *server.Config) { c.Proxy = trusted("10.0.0.1/32") })
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := edges[tt.required].do(asked{method: "POST", path: tokenPath, body: signIn, peer: tt.peer, header: tt.header})
			if refused := w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "HTTPS required"); refused != tt.refused {
				t.Errorf("%d %s; want it refused: %v", w.Code, w.Body, tt.refused)
			}
		})
	}
}

func TestDisabledRealm(t *testing.T) {
	e := newEdge(t, map[string]any{"enabled": false}, nil)
	for _, path := range []string{"/token", "/token/introspect", "/userinfo", "/revoke", "/logout"} {
		w := e.do(asked{method: "POST", path: "/realms/shop/protocol/openid-connect" + path, body: signIn})
		if want := `{"error":"access_denied","error_description":"Realm not enabled"}`; w.Code != http.StatusForbidden || w.Body.String() != want {
			t.Errorf("%s: %d %s, want 403 %s", path, w.Code, w.Body, want)
		}
	}
	for _, path := range []string{"", "/.well-known/openid-configuration", "/protocol/openid-connect/certs"} {
		if w := e.do(asked{method: "GET", path: "/realms/shop" + path}); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s, want 200", path, w.Code, w.Body)
		}
	}
}

// TestLogShowsNoSecrets runs every endpoint with everything that is secret, at the most talkative
// level, and looks for it in the log.
func TestLogShowsNoSecrets(t *testing.T) {
	e := newEdge(t, map[string]any{"eventsEnabled": true}, func(c *server.Config) {
		c.AccessLog = true
		c.Bootstrap = server.Bootstrap{Username: "admin", Password: "bootstrap-password"}
	})
	var held struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		ID      string `json:"id_token"`
	}
	w := e.do(asked{method: "POST", path: tokenPath, body: signIn})
	if err := json.Unmarshal(w.Body.Bytes(), &held); err != nil || held.Access == "" || held.Refresh == "" || held.ID == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	const exchange, access = "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:token-type:access_token"
	gateway := []string{"Authorization", "Basic Z2F0ZXdheTpnYXRld2F5LXNlY3JldA=="} // gateway:gateway-secret
	for _, q := range []asked{
		{method: "POST", path: tokenPath, header: gateway, body: form("grant_type", exchange, "subject_token", held.Access, "subject_token_type", access, "audience", "orders")},
		{method: "POST", path: tokenPath, header: gateway, body: form("grant_type", exchange, "subject_token", held.Access, "subject_token_type", access, "audience", "payment")},
		{method: "POST", path: tokenPath, header: gateway, body: form("grant_type", exchange, "subject_token", held.Access+"x", "subject_token_type", access)},
		{method: "POST", path: tokenPath, body: form("grant_type", "password", "client_id", "gateway", "client_secret", "wrong-secret", "username", "alice", "password", "alice-password")},
		{method: "POST", path: tokenPath, body: form("grant_type", "password", "client_id", "storefront", "username", "alice", "password", "wrong-password")},
		{method: "POST", path: tokenPath, body: form("grant_type", "refresh_token", "client_id", "storefront", "refresh_token", held.Refresh)},
		{method: "POST", path: tokenPath, body: form("grant_type", "refresh_token", "client_id", "till", "refresh_token", held.Refresh)},
		{method: "POST", path: tokenPath + "?access_token=" + held.Access, body: form("grant_type", "magic")},
		{method: "POST", path: tokenPath + "/introspect", header: gateway, body: form("token", held.Access)},
		{method: "GET", path: "/realms/shop/protocol/openid-connect/userinfo", header: []string{"Authorization", "Bearer " + held.Access}},
		{method: "GET", path: "/realms/shop/protocol/openid-connect/userinfo", header: []string{"Authorization", "Bearer " + held.ID}},
		{method: "POST", path: "/realms/shop/protocol/openid-connect/revoke", body: form("client_id", "storefront", "token", held.Access)},
		{method: "POST", path: "/realms/shop/protocol/openid-connect/logout", body: form("client_id", "storefront", "refresh_token", held.Refresh)},
	} {
		e.do(q)
	}
	log, err := io.ReadAll(&e.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"TOKEN_EXCHANGE", "LOGIN_ERROR", "REFRESH_TOKEN", `"msg":"request"`} {
		if !bytes.Contains(log, []byte(want)) {
			t.Errorf("the log lacks %s: this test sees too little", want)
		}
	}
	for _, secret := range []string{"alice-password", "wrong-password", "gateway-secret", "wrong-secret", "bootstrap-password", "Z2F0ZXdheTpnYXRld2F5LXNlY3JldA", "eyJ"} {
		if i := bytes.Index(log, []byte(secret)); i >= 0 {
			t.Errorf("the log shows %s: …%s…", secret, log[max(0, i-80):i+len(secret)])
		}
	}
}
