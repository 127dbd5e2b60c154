package proxy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestAttacks tries what proxies of this kind fell for elsewhere, by the kind of attack.
func TestAttacks(t *testing.T) {
	for name, attack := range map[string]func(*testing.T){
		"smuggling": attackSmuggling, "headers": attackHeaders, "redirects": attackRedirects, "cookies": attackCookies,
		"HTTP/2": attackByHTTP2, "trailers": attackTrailers, "tunnels": attackTunnels, "methods": attackMethods, "copies": attackCopies, "names of cookies": attackCookieNames, "size": attackSize, "kin": attackKin, "work": attackWork,
		"sign-in": attackSignIn, "logout": attackLogout, "paths": attackPaths, "host": attackHost, "origins": attackOrigins, "upstream": attackByUpstream,
	} {
		t.Run(name, attack)
	}
}

// attackHeaders sends what only the gatekeeper may say, in all spellings.
func attackHeaders(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/open/*|white-listed=true", "add-claims": "department|X-Department", "headers": "X-Secret=ours"})
	spoofed := []string{
		"X-Auth-Roles: admin", "x-auth-subject: root", "X_Auth_Roles: admin", "X-Auth_Userid: root", "X-AUTH-ANYTHING: 1", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: gopher",
		"X_Forwarded_For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Real-Ip: 10.0.0.1", "X-Department: board", "X_Department: board", "X-Secret: theirs", "X-Forwarded-User: root", "X-Forwarded-Prefix: /x",
		"X-Original-URL: /admin", "X_Rewrite_Url: /admin", "X.Auth.Roles: admin", "X!Auth~Subject: root", "x.forwarded.for: 10.0.0.1", "X`Department: board", "X-Original-Host: evil.example", "X-Host: evil.example",
		"X-HTTP-Host-Override: evil.example", "X-Original-URI: /admin", "X-Override-URL: /admin", "X-Client-IP: 10.0.0.1", "True-Client-IP: 10.0.0.1", "Client-IP: 10.0.0.1", "X-Cluster-Client-IP: 10.0.0.1",
		"X-Remote-Addr: 10.0.0.1", "Remote-User: root", "X-Remote-User: root", "Client-Cert: :root:", "Client-Cert-Chain: :root:", "X-SSL-Client-CN: root", "Proxy: http://evil.example", "X-Forwarded_Host: evil.example",
		"Connection: X-Auth-Subject, keep-alive", "Te: trailers", "Proxy-Authorization: Basic x", "Keep-Alive: 5",
	}
	for name, tt := range map[string]struct {
		path string
		auth string
		want map[string]string
	}{
		"protected": {"/", "Authorization: Bearer " + p.bearer(), map[string]string{"X-Auth-Roles": "", "X-Auth-Subject": "alice-id", "X-Auth-Userid": "alice"}},
		"open":      {"/open/x", "Authorization: Bearer forged", map[string]string{"Authorization": ""}},
	} {
		passes(t, g.ask("GET", tt.path, append(spoofed, tt.auth)...))
		got := g.last().Header
		for header, value := range tt.want {
			if got.Get(header) != value {
				t.Errorf("%s: %s is %q, want %q", name, header, got.Get(header), value)
			}
		}
		for header, values := range got {
			for _, value := range values {
				for _, forged := range []string{"admin", "root", "10.0.0.1", "evil", "gopher", "board", "theirs", "Basic", "forged"} {
					if strings.Contains(value, forged) {
						t.Errorf("%s: the upstream sees %s: %s", name, header, value)
					}
				}
			}
			if strings.ContainsAny(header, "_.!~`") || header == "Connection" || header == "Keep-Alive" {
				t.Errorf("%s: the upstream sees %s", name, header)
			}
		}
		if got.Get("X-Forwarded-For") != "192.0.2.1" || got.Get("X-Secret") != "ours" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, headers := range [][]string{{"Authorization: Basic x", "Authorization: Bearer forged"}, {"Authorization: bearer\tforged"}, {"Authorization: DPOP forged"}, {"Authorization_: Bearer forged"}, {"authorization: Bearer"}} {
		passes(t, g.ask("GET", "/open/x", headers...))
		if got := g.last().Header["Authorization"]; got != nil {
			t.Errorf("open: %q reach the upstream as %q", headers, got)
		}
		if w := g.ask("GET", "/", headers...); w.Code/100 != 4 {
			t.Errorf("protected: %q is answered with %d", headers, w.Code)
		}
	}
	if w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer(), "Authorization: Bearer "+p.bearer()); w.Code != 400 {
		t.Errorf("two tokens: %d", w.Code)
	}
	passes(t, g.ask("GET", "/open/x", "Authorization: Basic eDp5"))
	if got := g.last().Header.Get("Authorization"); got != "Basic eDp5" {
		t.Errorf("open: credentials that are no token's become %q", got)
	}
	odd := newGate(t, p, flags{"headers": "X_Secret=ours"})
	passes(t, odd.ask("GET", "/", "X-Secret: theirs", "Authorization: Bearer "+p.bearer()))
	if got := odd.last().Header; got["X-Secret"] != nil || got["X_secret"] == nil {
		t.Errorf("a header that is configured with an underscore: %v", got)
	}
	behind := newGate(t, p, flags{"trusted-proxies": "192.0.2.0/24"})
	passes(t, behind.ask("GET", "/", "X-Forwarded-For: 203.0.113.9", "Authorization: Bearer "+p.bearer()))
	if got := behind.last().Header.Get("X-Forwarded-For"); got != "203.0.113.9, 192.0.2.1" {
		t.Errorf("behind a trusted proxy: X-Forwarded-For: %s", got)
	}
}

// attackRedirects tries to have people sent elsewhere.
func attackRedirects(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil.example", "http:evil.example", "/%09/evil.example\r\nSet-Cookie: x=1",
		"///evil.example", "/" + strings.Repeat("x", 3000), "", " /x", "https:/evil.example", "user@evil.example"} {
		b := g.browser()
		back := b.atProvider(b.open("/oauth/authorize?redirect=" + url.QueryEscape(to)))
		if w := b.send("GET", back.RequestURI(), page...); w.Header().Get("Location") != "/" {
			t.Errorf("sign-in with %q leads to %q", to, w.Header().Get("Location"))
		}
		if w := b.send("GET", "/oauth/logout?redirect="+url.QueryEscape(to), page...); w.Header().Get("Location") != "/" {
			t.Errorf("logout with %q leads to %q", to, w.Header().Get("Location"))
		}
	}
	// The gatekeeper's own endpoints, by paths that are not theirs.
	for _, path := range []string{"/oauth/..//evil.example", `/oauth/../\evil.example`, "/oauth/..%2f/evil.example", "/oauth//evil.example/..", "/oauth/%2e%2e//evil.example", "/oauth//callback", "/oauth/..;//evil.example"} {
		w := g.ask("GET", path, append(page, "Host: evil.example")...)
		if to, err := url.Parse(w.Header().Get("Location")); err != nil || strings.Contains(to.Host, "evil") || strings.HasPrefix(to.Path, "//") || strings.Contains(w.Header().Get("Location"), `\`) {
			t.Errorf("%s leads to %q", path, w.Header().Get("Location"))
		}
	}
	if w := g.ask("GET", "/oauth/logout?redirect=/x&redirect=//evil.example", append(page, "Host: evil.example", "X-Forwarded-Host: evil.example")...); w.Header().Get("Location") != "/x" {
		t.Errorf("logout leads to %q", w.Header().Get("Location"))
	}
	b := g.browser()
	w := b.send("GET", b.atProvider(b.send("GET", "//evil.example/x", page...)).RequestURI(), page...)
	if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") {
		t.Errorf("a path of two slashes leads to %q", to)
	}
}

// attackPaths sends paths that servers read in several ways: the upstream gets what came, and only where each reading is allowed.
func attackPaths(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/admin/*|roles=admin\nuri=/public/*|white-listed=true\nuri=/*"})
	token := "Authorization: Bearer " + p.bearer()
	for _, target := range []string{"/admin/", "/admin", "/public/../admin/x", "/public/..%2fadmin/x", "/public/%2e%2e/admin/x", "/public/..%5cadmin/x", "/public/..;/admin/x", "/public/%252e%252e%252fadmin/x", "//admin/x",
		"/./admin/x", "/ADMIN/x", "/%61dmin/x", "/admin%2fx", "/admin;a=b/x", "/public//..//admin/x", `/public\..\admin\x`, "/x/../admin/x", "/admin/../admin/x", "/public%2f..%2fadmin%2fx", "/public/x/%2e%2e/%2e%2e/admin/x", "/public/.%2e/admin/x", "/public/%2e%2e;/admin/x", "/public/..;a=b;c/admin/x", "/public/%2e%2e%5cadmin%5cx", "/%2e/admin/x", "/admin%3bx/x", "/admin/./x", "/admin//x", "/%2fadmin/x",
		"/public/%c0%ae%c0%ae/admin/x", "/public/..%c0%afadmin/x", "/public/%e0%80%ae%e0%80%ae/admin/x", "/public/x;/../../admin/x", "/public/%252e%252e/admin/x", "/public/..%25252fadmin/x", "/%41dmin/x", "/%2541dmin/x", "/admi%4E/x"} {
		for name, headers := range map[string][]string{"nobody": nil, "no administrator": {token}} {
			r := httptest.NewRequest("GET", "https://gate.example/", nil)
			u, err := url.Parse("https://gate.example" + target)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			for _, h := range headers {
				header, value, _ := strings.Cut(h, ": ")
				r.Header.Set(header, value)
			}
			before := g.requests()
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if w.Code/100 == 2 || g.requests() != before {
				t.Errorf("%s, %s: %d", target, name, w.Code)
			}
		}
	}
	admin := "Authorization: Bearer " + p.bearer(claims{"realm_access": claims{"roles": []string{"admin"}}})
	for _, target := range []string{"/admin/a%2Fb", "/admin/x?y=%2e%2e%2f", "/public/a%20b", "/admin/%c3%a9"} {
		passes(t, g.ask("GET", target, admin))
		if got := g.last().RequestURI; got != target {
			t.Errorf("%s reaches the upstream as %s", target, got)
		}
	}
	for _, target := range []string{"/public/%00", "/public/%0d%0aX:%201"} {
		if w := g.ask("GET", target, admin); w.Code != 400 {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

// attackHost names other hosts.
func attackHost(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-security-filter": "true", "hostnames": "gate.example", "listen-http": "127.0.0.1:0", "enable-https-redirection": "true"})
	if w := g.ask("GET", "/", "Host: evil.example", "Authorization: Bearer "+p.bearer()); w.Code != 421 || g.requests() != 0 {
		t.Errorf("a host that is not served: %d", w.Code)
	}
	passes(t, g.ask("GET", "/", "Host: GATE.example:443", "Authorization: Bearer "+p.bearer()))
	any := newGate(t, p, nil)
	w := any.ask("GET", "/", append(page, "Host: evil.example", "X-Forwarded-Host: evil.example")...)
	if to := w.Header().Get("Location"); strings.Contains(to, "evil") {
		t.Errorf("the sign-in leads back to %s", to)
	}
	passes(t, any.ask("GET", "/", "Host: evil.example", "Authorization: Bearer "+p.bearer()))
	if got := any.last(); strings.Contains(fmt.Sprint(got.Host, got.Header), "evil") {
		t.Errorf("the upstream sees host %s, %v", got.Host, got.Header)
	}
}

// attackOrigins has pages of other origins act with the cookies of who is signed in.
func attackOrigins(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"cors-origins": "https://app.example", "cors-credentials": "true", "cors-methods": "GET\nPUT", "cors-headers": "X-A", "cors-exposed-headers": "X-B", "cors-max-age": "60s", "same-site-cookie": "None"})
	b := g.browser()
	passes(t, b.signIn("/"))
	for name, tt := range map[string]struct {
		method  string
		headers []string
		want    int
	}{
		"a form of another site":       {"POST", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
		"without Sec-Fetch":            {"POST", []string{"Origin: https://evil.example"}, 403},
		"of a neighbour":               {"DELETE", []string{"Origin: https://other.gate.example", "Sec-Fetch-Site: same-site"}, 403},
		"a WebSocket":                  {"GET", []string{"Origin: https://evil.example", "Connection: Upgrade", "Upgrade: websocket"}, 403},
		"an opaque origin":             {"POST", []string{"Origin: null"}, 403},
		"a link":                       {"GET", []string{"Sec-Fetch-Site: cross-site"}, 200},
		"its own":                      {"POST", []string{"Origin: https://gate.example", "Sec-Fetch-Site: same-origin"}, 200},
		"one that may":                 {"POST", []string{"Origin: https://app.example", "Sec-Fetch-Site: cross-site"}, 200},
		"a program":                    {"POST", nil, 200},
		"with a token, from elsewhere": {"POST", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Authorization: Bearer " + p.bearer()}, 200},
	} {
		w := b.send(tt.method, "/", tt.headers...)
		if w.Code != tt.want {
			t.Errorf("%s: %d", name, w.Code)
		}
		if allowed := w.Header().Get("Access-Control-Allow-Origin"); allowed != "" && allowed != "https://app.example" {
			t.Errorf("%s: %s may read", name, allowed)
		}
	}
	w := g.ask("OPTIONS", "/", "Origin: https://app.example", "Access-Control-Request-Method: PUT")
	h := w.Header()
	if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Allow-Methods") != "GET, PUT" ||
		h.Get("Access-Control-Allow-Headers") != "X-A" || h.Get("Access-Control-Max-Age") != "60" || h.Get("Access-Control-Expose-Headers") != "X-B" || h.Get("Vary") != "Origin" {
		t.Errorf("preflight: %d %v", w.Code, h)
	}
	if w := g.ask("OPTIONS", "/", "Origin: https://evil.example", "Access-Control-Request-Method: PUT"); w.Code == 204 || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight of another: %d %v", w.Code, w.Header())
	}
	if w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer()); w.Header().Get("Vary") != "Origin" {
		t.Errorf("without an origin, Vary is %q", w.Header().Get("Vary"))
	}
	all := newGate(t, p, flags{"cors-origins": "*"})
	if w := all.ask("GET", "/", "Origin: https://x.example", "Authorization: Bearer "+p.bearer()); w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("for all: %v", w.Header())
	}
	b = all.browser()
	passes(t, b.signIn("/"))
	if w := b.send("POST", "/", "Origin: https://x.example", "Sec-Fetch-Site: cross-site"); w.Code != 403 {
		t.Errorf("whoever may read without cookies acts with them: %d", w.Code)
	}
}

// attackByUpstream has an upstream write the gatekeeper's cookies.
func attackByUpstream(t *testing.T) {
	p := newProvider(t)
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "__Host-kc-access=1.forged; Path=/; Secure")
		w.Header().Add("Set-Cookie", "__Host-kc-access-login-x=1.forged; Path=/; Secure")
		w.Header().Add("Set-Cookie", "own=1; Path=/")
	}))
	defer hostile.Close()
	g := newGate(t, p, flags{"upstream-url": hostile.URL})
	w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer())
	if got := w.Header()["Set-Cookie"]; len(got) != 1 || !strings.HasPrefix(got[0], "own=") {
		t.Errorf("the browser gets %q", got)
	}
	doubled := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range []string{"Access-Control-Allow-Origin", "X-Frame-Options", "X-A", "Content-Security-Policy"} {
			w.Header().Set(name, "theirs")
		}
	}))
	defer doubled.Close()
	ours := newGate(t, p, flags{"upstream-url": doubled.URL, "cors-origins": "https://app.example", "response-headers": "x-a=ours", "enable-security-filter": "true", "filter-frame-deny": "true"})
	h := ours.ask("GET", "/", "Origin: https://app.example", "Authorization: Bearer "+p.bearer()).Header()
	if got := fmt.Sprint(h["Access-Control-Allow-Origin"], h["X-Frame-Options"], h["X-A"], h["Content-Security-Policy"]); got != "[https://app.example] [DENY] [ours] [theirs]" {
		t.Errorf("headers that both set: %s", got)
	}
	strict := newGate(t, p, flags{"same-site-cookie": "Strict"})
	b := strict.browser()
	answer := b.send("GET", b.atProvider(b.open(`/x?"><script>`)).RequestURI(), page...)
	if body := answer.Body.String(); answer.Code != 200 || !strings.Contains(body, `http-equiv="refresh"`) || strings.Contains(body, "<script") {
		t.Errorf("Strict: %d %s", answer.Code, body)
	}
	if csp := answer.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("a page may load %q", csp)
	}
}
