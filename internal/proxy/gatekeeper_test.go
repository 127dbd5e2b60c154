package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSignIn(t *testing.T) {
	g := newGate(t, newProvider(t), flags{"enable-refresh-tokens": "true"})
	b := g.browser()
	passes(t, b.signIn("/orders?id=7&x=a%2Fb"))
	if got := g.last().RequestURI; got != "/orders?id=7&x=a%2Fb" {
		t.Errorf("the upstream was asked for %s", got)
	}
	passes(t, b.open("/other"))
	if n := g.count("authorization_code"); n != 1 {
		t.Errorf("%d codes were redeemed", n)
	}
	for name := range b.cookies {
		if !strings.HasPrefix(name, "__Host-kc-access") || strings.Contains(name, "login") {
			t.Errorf("a cookie %s stays", name)
		}
	}
	if g.last().Header.Get("Cookie") != "" {
		t.Errorf("the upstream sees cookies %s", g.last().Header.Get("Cookie"))
	}
	if another := g.browser().open("/other"); another.Code != http.StatusFound {
		t.Errorf("without cookies: %d", another.Code)
	}
}

func TestSignInAsksForWhatItNeeds(t *testing.T) {
	g := newGate(t, newProvider(t), flags{"scopes": "orders\nopenid"})
	to, err := url.Parse(g.browser().open("/x").Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": "my-app", "redirect_uri": "https://gate.example/oauth/callback",
		"scope": "openid email profile orders", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 20 {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
}

// TestTabsSignInAtOnce: each tab has a sign-in of its own, and those that were left are forgotten at last.
func TestTabsSignInAtOnce(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	b := g.browser()
	first, second := b.atProvider(b.open("/first")), b.atProvider(b.open("/second"))
	for want, back := range map[string]*url.URL{"/first": first, "/second": second} {
		if w := b.send("GET", back.RequestURI(), page...); w.Header().Get("Location") != want {
			t.Errorf("%d to %s, want %s", w.Code, w.Header().Get("Location"), want)
		}
	}
	stranger := g.browser()
	for range 30 {
		stranger.open("/x")
	}
	if n := len(stranger.cookies); n > 10 {
		t.Errorf("%d cookies of sign-ins that were left", n)
	}
}

func TestProgramsGetAnAnswer(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	for name, headers := range map[string][]string{
		"curl": {"Accept: */*"}, "fetch": {"Accept: text/html", "Sec-Fetch-Mode: cors"}, "jQuery": {"Accept: text/html", "X-Requested-With: XMLHttpRequest"},
	} {
		w := g.ask("GET", "/orders", headers...)
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") != "Bearer" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	if w := g.ask("POST", "/orders", page...); w.Code != 401 || !strings.Contains(w.Body.String(), `href="/oauth/authorize?redirect=%2Forders"`) {
		t.Errorf("a form: %d %s", w.Code, w.Body)
	}
	never := newGate(t, g.provider, flags{"no-redirects": "true", "encryption-key": "-", "redirection-url": "-"})
	if w := never.ask("GET", "/", page...); w.Code != 401 || !strings.Contains(w.Body.String(), "Sign in") {
		t.Errorf("no-redirects: %d %s", w.Code, w.Body)
	}
}

func TestBearerTokens(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	passes(t, g.ask("POST", "/orders", "Authorization: Bearer "+p.bearer()))
	passes(t, g.ask("GET", "/", "Authorization: bearer "+p.bearer()))
	stranger := newProvider(t)
	for name, tt := range map[string]struct{ token, text string }{
		"expired":        {p.bearer(claims{"exp": 1000}), "Token is expired"},
		"another issuer": {stranger.bearer(), "Invalid signature"},
		"another's name": {p.bearer(claims{"iss": "https://evil.example"}), "Invalid issuer"},
		"garbage":        {"garbage", "Malformed token"},
		"an ID token":    {p.bearer(claims{"typ": "ID"}), "Not an access token"},
		"bound":          {p.bearer(claims{"cnf": claims{"jkt": "x"}}), "bound to a key"},
		"no token":       {"", "Malformed"},
	} {
		before := g.requests()
		w := g.ask("GET", "/", "Authorization: Bearer "+tt.token, "Accept: text/html")
		if w.Code/100 != 4 || g.requests() != before || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d", name, w.Code)
		}
		w = g.ask("GET", "/", "Authorization: Bearer "+tt.token)
		if !strings.Contains(w.Body.String(), tt.text) {
			t.Errorf("%s: %d %s, want %q", name, w.Code, w.Body, tt.text)
		}
	}
	if strings.Contains(g.log.String(), "eyJ") {
		t.Error("the log holds tokens")
	}
}

func TestRolesGroupsAndClaims(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{
		"resources":    "uri=/admin*|roles=admin,orders:write\nuri=/any*|roles=admin,other|require-any-role=true\nuri=/staff*|groups=/staff,/boss\nuri=/css/*|white-listed=true\nuri=/write*|methods=POST|roles=writer",
		"match-claims": "email=.*@example\\.com\naud=my-.*\nlevel=some",
	})
	admin := claims{"realm_access": claims{"roles": []string{"admin"}}, "resource_access": claims{"orders": claims{"roles": []string{"write"}}}, "groups": []string{"/boss"}}
	for name, tt := range map[string]struct {
		method, path string
		token        claims
		want         int
	}{
		"no role":               {"GET", "/admin", claims{}, 403},
		"all roles":             {"GET", "/admin", admin, 200},
		"one of all roles":      {"GET", "/admin", claims{"realm_access": claims{"roles": []string{"admin"}}}, 403},
		"a realm role in place": {"GET", "/admin", claims{"realm_access": claims{"roles": []string{"admin", "write", "orders:x"}}}, 403},
		"a role spelled alike":  {"GET", "/admin", claims{"realm_access": claims{"roles": []string{"admin", "orders:write"}}}, 403},
		"any role":              {"GET", "/any", admin, 200},
		"not any role":          {"GET", "/any", claims{}, 403},
		"a group":               {"GET", "/staff", admin, 200},
		"no group":              {"GET", "/staff", claims{"groups": []string{"/staffing"}}, 403},
		"a method":              {"POST", "/write", claims{}, 403},
		"another method":        {"GET", "/write", claims{}, 200},
		"another e-mail":        {"GET", "/", claims{"email": "alice@example.com.evil.example"}, 403},
		"no e-mail":             {"GET", "/", claims{"email": nil}, 403},
		"a level that is 1":     {"GET", "/", claims{"level": 1}, 403},
		"one of several levels": {"GET", "/", claims{"level": []string{"none", "some"}}, 200},
		"none of the levels":    {"GET", "/", claims{"level": []string{"none", "somewhat"}}, 403},
	} {
		w := g.ask(tt.method, tt.path, "Authorization: Bearer "+p.bearer(claims{"level": "some"}, tt.token))
		if w.Code != tt.want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, tt.want)
		}
		if w.Code == 403 && (strings.Contains(w.Body.String(), "orders:write") || strings.Contains(w.Body.String(), "@example")) {
			t.Errorf("%s: the answer tells what is configured: %s", name, w.Body)
		}
	}
	if !strings.Contains(g.log.String(), "role admin, orders:write is missing") {
		t.Errorf("the log does not tell why: %s", g.log)
	}
	passes(t, g.ask("GET", "/css/page.css"))
	if w := g.ask("GET", "/", page...); w.Code != 302 {
		t.Errorf("what no resource is about: %d", w.Code)
	}
	open := newGate(t, p, flags{"enable-default-deny": "false", "resources": "uri=/admin*"})
	passes(t, open.ask("GET", "/other"))
	if w := open.ask("GET", "/admin"); w.Code != 401 {
		t.Errorf("protected: %d", w.Code)
	}
}

func TestHeadersOfTheUpstream(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"add-claims": "given_name\nsmall.number\nlist|X-List\nname", "headers": "X-Zone=blue", "preserve-host": "true"})
	expires := time.Now().Add(time.Hour).Unix()
	token := p.bearer(claims{"aud": []string{"my-app", "x"}, "groups": []string{"a", "b", "c,d"}, "realm_access": claims{"roles": []string{"r"}}, "resource_access": claims{"z": claims{"roles": []string{"s"}}},
		"given_name": "Al\r\nX-Evil: 1", "small.number": 7, "list": []string{"p", "q"}, "exp": expires})
	passes(t, g.ask("GET", "/", "Authorization: Bearer "+token))
	got := g.last().Header
	for name, want := range map[string]string{
		"X-Auth-Audience": "my-app,x", "X-Auth-Email": "alice@example.com", "X-Auth-ExpiresIn": time.Unix(expires, 0).UTC().String(), "X-Auth-Groups": "a,b",
		"X-Auth-Roles": "r,z:s", "X-Auth-Subject": "alice-id", "X-Auth-Userid": "alice", "X-Auth-Username": "alice", "X-Auth-Token": token, "Authorization": "Bearer " + token,
		"X-Auth-Given-Name": "Al  X-Evil: 1", "X-Auth-Small-Number": "7", "X-List": "p,q", "X-Auth-Name": "", "X-Zone": "blue", "X-Evil": "",
		"X-Forwarded-Host": "gate.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "X-Real-Ip": "192.0.2.1",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	if g.last().Host != "gate.example" {
		t.Errorf("Host is %s", g.last().Host)
	}
	bare := newGate(t, p, flags{"enable-token-header": "false", "enable-authorization-header": "false"})
	passes(t, bare.ask("GET", "/", "Authorization: Bearer "+token))
	if got := bare.last().Header; got.Get("X-Auth-Token") != "" || got.Get("Authorization") != "" || bare.last().Host != strings.TrimPrefix(bare.upstream.URL, "http://") {
		t.Errorf("headers %v, host %s", got, bare.last().Host)
	}
}

func TestEndpoints(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-metrics": "true"})
	good := "Authorization: Bearer " + p.bearer()
	ask := func(path string, headers ...string) *httptest.ResponseRecorder { return g.ask("GET", path, headers...) }
	for name, tt := range map[string]struct {
		w    *httptest.ResponseRecorder
		code int
		text string
	}{
		"health":            {ask("/oauth/health"), 200, "OK"},
		"ready":             {ask("/oauth/ready"), 200, "OK"},
		"expired, no token": {ask("/oauth/expired", page...), 401, "Sign in"},
		"expired":           {ask("/oauth/expired", "Authorization: Bearer "+p.bearer(claims{"exp": 1})), 401, "expired"},
		"not expired":       {ask("/oauth/expired", good), 200, ""},
		"token":             {ask("/oauth/token", good), 200, `"sub":"alice-id"`},
		"token, nobody":     {ask("/oauth/token"), 401, ""},
		"metrics":           {ask("/oauth/metrics"), 200, `proxy_request_status_total{code="200",method="GET"}`},
		"unknown":           {ask("/oauth/unknown", good), 404, ""},
		"login":             {ask("/oauth/login"), 404, ""},
		"authorize":         {ask("/oauth/authorize?redirect=/x", page...), 302, ""},
		"callback":          {ask("/oauth/callback", page...), 400, "not begun in this browser"},
		"health, POST":      {g.ask("POST", "/oauth/health"), 404, ""},
	} {
		if tt.w.Code != tt.code || !strings.Contains(tt.w.Body.String(), tt.text) {
			t.Errorf("%s: %d %s", name, tt.w.Code, tt.w.Body)
		}
	}
	if g.requests() != 0 {
		t.Error("the upstream is asked for the gatekeeper's own")
	}
	if strings.Contains(ask("/oauth/token", good).Body.String(), "eyJ") {
		t.Error("the token is shown")
	}
	bare := newGate(t, p, nil)
	if w := bare.ask("GET", "/oauth/metrics"); w.Code != 404 {
		t.Errorf("metrics without enable-metrics: %d", w.Code)
	}
	local := newGate(t, p, flags{"enable-metrics": "true", "localhost-metrics": "true"})
	if w := local.ask("GET", "/oauth/metrics"); w.Code != 403 {
		t.Errorf("localhost-metrics from 192.0.2.1: %d", w.Code)
	}
	moved := newGate(t, p, flags{"base-uri": "/gate", "oauth-uri": "/auth/"})
	if w := moved.ask("GET", "/gate/auth/health"); w.Code != 200 {
		t.Errorf("moved: %d", w.Code)
	}
	if w := moved.ask("GET", "/x", page...); !strings.Contains(w.Header().Get("Location"), url.QueryEscape("https://gate.example/gate/auth/callback")) {
		t.Errorf("moved: to %s", w.Header().Get("Location"))
	}
}
