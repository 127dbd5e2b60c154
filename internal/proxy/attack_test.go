package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
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

// attackSmuggling sends what two servers may take for different requests. The raw text that the upstream gets is looked at: one request for each
// that the gatekeeper answered, whose length is told in one way.
func attackSmuggling(t *testing.T) {
	p := newProvider(t)
	raw, seen := rawUpstream(t)
	g := newGate(t, p, flags{"upstream-url": "http://" + raw, "upstream-keepalives": "false"})
	front, said := httptest.NewUnstartedServer(g), &lines{}
	front.Config.ErrorLog = log.New(said, "", 0)
	front.Start()
	defer front.Close()
	const hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	auth := "Host: gate.example\r\nAuthorization: Bearer " + p.bearer() + "\r\n"
	for name, tt := range map[string]struct {
		text  string
		want  int // status of the first answer
		times int // requests that the upstream sees
	}{
		"plain":                        {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 2\r\n\r\nab", 200, 1},
		"both lengths":                 {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"two Content-Lengths":          {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 0\r\nContent-Length: 38\r\n\r\n" + hidden, 400, 0},
		"a list of Content-Lengths":    {"POST / HTTP/1.1\r\n" + auth + "Content-Length: 0, 38\r\n\r\n" + hidden, 400, 0},
		"a signed Content-Length":      {"POST / HTTP/1.1\r\n" + auth + "Content-Length: +0\r\n\r\n" + hidden, 400, 0},
		"another encoding":             {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, 0},
		"two encodings":                {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501, 0},
		"an encoding with a space":     {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, 0},
		"an encoding with a tab":       {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", 400, 0},
		"a bare CR":                    {"GET / HTTP/1.1\r\n" + auth + "X-A: 1\rTransfer-Encoding: chunked\r\n\r\n", 400, 0},
		"a NUL":                        {"GET / HTTP/1.1\r\n" + auth + "X-A: 1\x002\r\n\r\n", 400, 0},
		"a folded header":              {"GET / HTTP/1.1\r\n" + auth + "X-A: 1\r\n X-Auth-Roles: admin\r\n\r\n", 200, 1},
		"bare line feeds":              {"GET / HTTP/1.1\n" + strings.ReplaceAll(auth, "\r", "") + "X-A: 1\n\n", 200, 1},
		"a header without a name":      {"GET / HTTP/1.1\r\n" + auth + ": admin\r\n\r\n", 400, 0},
		"a chunk of a negative length": {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + hidden, 0, -1},
		"no host":                      {"GET / HTTP/1.1\r\nAuthorization: x\r\n\r\n", 400, 0},
		"two hosts":                    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 0},
		"a host with a path":           {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, 0},
		"a space in the path":          {"GET /a HTTP/1.1 /b HTTP/1.1\r\n" + auth + "\r\n", 400, 0},
		"an absolute address":          {"GET http://other.example/x HTTP/1.1\r\n" + auth + "\r\n", 200, 1},
		"CONNECT":                      {"CONNECT other.example:443 HTTP/1.1\r\n" + auth + "\r\n", 405, 0},
		"TRACE":                        {"TRACE / HTTP/1.1\r\n" + auth + "\r\n", 405, 0},
		"HTTP/0.9":                     {"GET /\r\n", 400, 0},
		"an upgrade to HTTP/2":         {"GET / HTTP/1.1\r\n" + auth + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", 200, 1},
		"one that hides its settings":  {"GET / HTTP/1.1\r\n" + auth + "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", 200, 1},
		"one beside a WebSocket":       {"GET / HTTP/1.1\r\n" + auth + "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n", 200, 1},
		"a length after chunks":        {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding before chunks":    {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + hidden, 501, 0},
		"chunks twice":                 {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 501, 0},
		"an encoding in quotes":        {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + hidden, 501, 0},
		"an encoding in capitals":      {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding that is folded":   {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding before its time":  {"POST / HTTP/1.0\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 200, 1},
		"an encoding misspelled":       {"POST / HTTP/1.1\r\n" + auth + "Transfer_Encoding: chunked\r\nContent.Length: 1\r\nContent-Length: 35\r\n\r\n" + hidden, 200, 1},
		"chunks that say more":         {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\n\r\n" + hidden, 200, 1},
		"a chunk's length by LF":       {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n2;\nab\r\n0\r\n\r\n" + hidden, 0, -1},
		"a chunk without end":          {"POST / HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\nab\r\n0\r\n\r\n" + hidden, 0, -1},
		"a body of GET":                {"GET / HTTP/1.1\r\n" + auth + "Content-Length: 35\r\n\r\n" + hidden, 200, 1},
		"an expectation":               {"POST / HTTP/1.1\r\n" + auth + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab", 200, 1},
		"another expectation":          {"POST / HTTP/1.1\r\n" + auth + "Expect: y 100-continue\r\nContent-Length: 35\r\n\r\n" + hidden, 417, 0},
		"a fragment":                   {"GET /x?a#b HTTP/1.1\r\n" + auth + "\r\n", 400, 0},
		"no path":                      {"GET admin HTTP/1.1\r\n" + auth + "\r\n", 400, 0},
		"OPTIONS of all":               {"OPTIONS * HTTP/1.1\r\n" + auth + "\r\n", 200, 0},
		"HTTP/2 without TLS":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405, 0},
		"hop-by-hop X-Auth":            {"GET / HTTP/1.1\r\n" + auth + "Connection: close, X-Auth-Subject, Authorization, X-Forwarded-For\r\n\r\n", 200, 1},
	} {
		mark := "X-Case: " + strings.ReplaceAll(name, " ", "-") + "\r\n"
		got := exchange(t, front.Listener.Addr().String(), strings.Replace(tt.text, "Host: gate", mark+"Host: gate", 1))
		requests := slices.DeleteFunc(seen(), func(r string) bool { return !strings.Contains(r, mark) })
		if tt.want > 0 && got != tt.want {
			t.Errorf("%s: answered with %d, want %d", name, got, tt.want)
		}
		if tt.times >= 0 && len(requests) != tt.times {
			t.Errorf("%s: the upstream sees %d requests: %q", name, len(requests), requests)
		}
		for _, r := range requests {
			head, _, _ := strings.Cut(r, "\r\n\r\n")
			lower := strings.ToLower(head)
			if strings.Contains(lower, "transfer-encoding") && strings.Contains(lower, "content-length") || strings.Contains(head, "smuggled") ||
				strings.Contains(strings.ReplaceAll(head, "\r\n", ""), "\n") || strings.Contains(head, "\nX-Auth-Roles: admin") || strings.Contains(head, "other.example") ||
				strings.Contains(lower, "\nupgrade:") || strings.Contains(lower, "\nhttp2-settings:") || strings.Contains(lower, "transfer_encoding") || strings.Contains(lower, "content.length") {
				t.Errorf("%s: the upstream sees %q", name, head)
			}
			if !strings.Contains(head, "X-Auth-Subject: alice-id") || !strings.Contains(head, "Authorization: Bearer ") {
				t.Errorf("%s: the upstream is not told who it is: %q", name, head)
			}
		}
	}
	if strings.Contains(said.String(), "panic") {
		t.Errorf("the server of the gatekeeper says %s", said)
	}
}

// exchange sends a text and gives the status of the first answer; 0 for none.
func exchange(t *testing.T, address, text string) int {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text) // of what is refused the rest may not be taken
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// rawUpstream answers everything with 200, and gives the texts of the requests since it was asked for them last.
func rawUpstream(t *testing.T) (address string, seen func() []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	texts := make(chan string, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				buffer := make([]byte, 64<<10)
				n, _ := c.Read(buffer)
				texts <- string(buffer[:n])
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	return l.Addr().String(), func() (all []string) {
		for {
			select {
			case text := <-texts:
				all = append(all, text)
			default:
				return all
			}
		}
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

// attackCookies shows cookies that were changed, swapped or copied.
func attackCookies(t *testing.T) {
	p := newProvider(t)
	big := strings.Repeat("x", 6000)
	signed := func(g *gate, name string) map[string]string {
		p.set(func() { p.access = claims{"aud": "my-app", "sub": name, "padding": big} })
		b := g.browser()
		passes(t, b.signIn("/"))
		delete(b.cookies, "__Host-kc-access-signed-in") // which counts sign-ins, and is nobody
		return maps.Clone(b.cookies)
	}
	g := newGate(t, p, nil)
	alice, bob := signed(g, "alice"), signed(g, "bob")
	if len(alice) != 3 {
		t.Fatalf("%d cookies", len(alice))
	}
	other := newGate(t, p, flags{"client-id": "other", "audience": "my-app"})
	rekeyed := newGate(t, p, flags{"encryption-key": strings.ToUpper(key)})
	const first, second, third = "__Host-kc-access", "__Host-kc-access-1", "__Host-kc-access-2"
	for name, tt := range map[string]struct {
		gate    *gate
		cookies map[string]string
		want    int
	}{
		"as they are":                {g, alice, 200},
		"a piece is missing":         {g, map[string]string{first: alice[first], second: alice[second]}, 401},
		"a piece of another person":  {g, map[string]string{first: alice[first], second: bob[second], third: alice[third]}, 401},
		"the head of another person": {g, map[string]string{first: bob[first], second: alice[second], third: alice[third]}, 401},
		"pieces swapped":             {g, map[string]string{first: alice[first], second: alice[third], third: alice[second]}, 401},
		"a letter changed":           {g, map[string]string{first: alice[first], second: flip(alice[second]), third: alice[third]}, 401},
		"a token in the clear":       {g, map[string]string{first: p.bearer()}, 401},
		"at another client":          {other, alice, 401},
		"under another key":          {rekeyed, alice, 401},
		"without the prefix":         {g, map[string]string{"kc-access": alice[first], "kc-access-1": alice[second], "kc-access-2": alice[third]}, 401},
	} {
		b := tt.gate.browser()
		b.cookies = maps.Clone(tt.cookies)
		if w := b.send("GET", "/"); w.Code != tt.want {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	// A session outlives neither its token nor a withdrawn key.
	b := g.browser()
	b.cookies = maps.Clone(alice)
	g.skip(6 * time.Minute)
	if w := b.send("GET", "/"); w.Code != 401 {
		t.Errorf("after its end: %d", w.Code)
	}
}

// flip changes a letter in the middle.
func flip(s string) string {
	c := byte('A')
	if s[len(s)/2] == c {
		c = 'B'
	}
	return s[:len(s)/2] + string(c) + s[len(s)/2+1:]
}

// attackSignIn answers sign-ins that somebody else began, and answers in the place of the issuer.
func attackSignIn(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	victim, attacker := g.browser(), g.browser()
	stolen := attacker.atProvider(attacker.open("/"))
	begun := victim.atProvider(victim.open("/"))
	change := func(u *url.URL, name, value string) string {
		q := u.Query()
		q.Set(name, value)
		if value == "" {
			q.Del(name)
		}
		return u.Path + "?" + q.Encode()
	}
	kept := maps.Clone(victim.cookies)
	for name, tt := range map[string]struct {
		target string
		want   int
	}{
		"the attacker's code and state":    {stolen.RequestURI(), 400},
		"the attacker's code":              {change(begun, "code", stolen.Query().Get("code")), 403},
		"no state":                         {change(begun, "state", ""), 400},
		"state that begins alike":          {change(begun, "state", begun.Query().Get("state")[:8]+"x"), 400},
		"two states":                       {begun.RequestURI() + "&state=" + begun.Query().Get("state"), 400},
		"two codes":                        {begun.RequestURI() + "&code=x", 400},
		"another issuer":                   {change(begun, "iss", "https://evil.example"), 400},
		"no issuer":                        {change(begun, "iss", ""), 400},
		"an error":                         {change(begun, "error", "access_denied"), 403},
		"no code":                          {change(begun, "code", ""), 400},
		"an unknown code":                  {change(begun, "code", "unknown"), 403},
		"a state of an enormous length":    {change(begun, "state", strings.Repeat("x", 4000)), 400},
		"a state that is another cookie's": {change(begun, "state", "../../etc"), 400},
	} {
		victim.cookies = maps.Clone(kept)
		if w := victim.send("GET", tt.target, page...); w.Code != tt.want || strings.Contains(w.Header().Get("Set-Cookie"), "__Host-kc-access=1.") {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.want, w.Header()["Set-Cookie"])
		}
	}
	for name, id := range map[string]claims{"another nonce": {"nonce": "x"}, "no nonce": {"nonce": nil}, "another client's": {"aud": "other"}, "of several": {"aud": []string{"my-app", "x"}, "azp": nil},
		"issued to another": {"azp": "other"}, "expired": {"exp": 1}, "of another issuer": {"iss": "https://evil.example"}, "of nobody": {"sub": ""}} {
		p.set(func() { p.id = id })
		b := g.browser()
		if w := b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...); w.Code != 403 || len(b.cookies) != 0 {
			t.Errorf("an ID token %s: %d, cookies %v", name, w.Code, b.cookies)
		}
	}
	p.set(func() { p.id = claims{} })
	b := g.browser()
	back := b.atProvider(b.open("/"))
	b.send("GET", back.RequestURI(), page...)
	if w := b.send("GET", back.RequestURI(), page...); w.Code != 400 {
		t.Errorf("the same answer again: %d", w.Code)
	}
	late := g.browser()
	back = late.atProvider(late.open("/"))
	g.skip(11 * time.Minute)
	if w := late.send("GET", back.RequestURI(), page...); w.Code != 400 {
		t.Errorf("an answer after eleven minutes: %d", w.Code)
	}
}

// attackLogout has other sites sign people out.
func attackLogout(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	b := g.browser()
	passes(t, b.signIn("/"))
	for _, site := range []string{"cross-site", "same-site"} {
		w := b.send("GET", "/oauth/logout?redirect=/x", "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: "+site)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `<form method="post" action="/oauth/logout?redirect=/x">`) || len(b.cookies) == 0 {
			t.Errorf("%s: %d %s", site, w.Code, w.Body)
		}
		if w := b.send("POST", "/oauth/logout", "Sec-Fetch-Site: "+site, "Origin: https://evil.example"); w.Code != 403 || len(b.cookies) == 0 {
			t.Errorf("%s: a form signs out: %d", site, w.Code)
		}
	}
	if w := b.send("POST", "/oauth/logout?redirect=/x", "Sec-Fetch-Site: same-origin", "Origin: https://gate.example"); w.Code != 302 || len(b.cookies) != 0 {
		t.Errorf("who says so is signed out: %d", w.Code)
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
