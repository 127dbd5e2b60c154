package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// attackTrailers says behind the body what only the gatekeeper may say.
func attackTrailers(t *testing.T) {
	p := newProvider(t)
	heard := make(chan http.Header, 1)
	up := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if text, err := io.ReadAll(r.Body); err != nil || string(text) != "ab" {
			t.Errorf("the upstream reads %q, %v", text, err)
		}
		all := r.Header.Clone()
		for name, values := range r.Trailer {
			all["Trailer "+name] = values
		}
		heard <- all
	}))
	defer up.Close()
	front := httptest.NewServer(newGate(t, p, flags{"upstream-url": up.URL}))
	defer front.Close()
	const end = "\r\nX-Auth-Roles: admin\r\nAuthorization: Bearer admin\r\n\r\n"
	for _, declared := range []string{"", "Trailer: X-Auth-Roles, Authorization\r\n"} {
		text := "POST / HTTP/1.1\r\nHost: gate.example\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n" + declared + "Authorization: Bearer " + p.bearer() + "\r\n\r\n2\r\nab\r\n0" + end
		if status := exchange(t, front.Listener.Addr().String(), text); status != 200 {
			t.Errorf("%q: %d", declared, status)
			continue
		}
		if got := <-heard; strings.Contains(fmt.Sprint(got), "admin") || got.Get("X-Auth-Subject") != "alice-id" {
			t.Errorf("%q: the upstream hears %v", declared, got)
		}
	}
}

// attackTunnels asks for a WebSocket to get a connection on which nobody looks at requests.
func attackTunnels(t *testing.T) {
	p := newProvider(t)
	for name, tt := range map[string]struct {
		ask, answer string
		want        int
	}{
		"one that is refused":         {"websocket", "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", 426},
		"one that is answered":        {"websocket", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200},
		"one that becomes another":    {"websocket", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 502},
		"one that nobody asked for":   {"", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 502},
		"one that lacks its protocol": {"h2c", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 502},
	} {
		requests := make(chan string, 10)
		l := accepting(t, func(c net.Conn) {
			r := bufio.NewReader(c)
			for {
				q, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				requests <- q.URL.Path
				_, _ = io.WriteString(c, tt.answer)
			}
		})
		front := httptest.NewServer(newGate(t, p, flags{"upstream-url": "http://" + l.Addr().String()}))
		up := ""
		if tt.ask != "" {
			up = "Connection: Upgrade\r\nUpgrade: " + tt.ask + "\r\nSec-WebSocket-Version: 1337\r\n"
		}
		text := "GET /asked HTTP/1.1\r\nHost: gate.example\r\n" + up + "Authorization: Bearer " + p.bearer() + "\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
		if got := exchange(t, front.Listener.Addr().String(), text); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
		time.Sleep(5 * time.Millisecond) // what came behind would be there by now
		front.Close()
		_ = l.Close()
		close(requests)
		for path := range requests {
			if path != "/asked" {
				t.Errorf("%s: the upstream is asked for %s", name, path)
			}
		}
	}
}

// attackMethods has requests be of another method to the upstream than to the gatekeeper, and has pages of other sites send such.
func attackMethods(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/write|methods=POST|roles=writer\nuri=/read|methods=GET|white-listed=true"})
	reader, writer := "Authorization: Bearer "+p.bearer(), "Authorization: Bearer "+p.bearer(claims{"realm_access": claims{"roles": []string{"writer"}}})
	for name, tt := range map[string]struct {
		method, path string
		headers      []string
	}{
		"its name":            {"POST", "/write", nil},
		"small letters":       {"post", "/write", nil},
		"mixed letters":       {"pOsT", "/write", nil},
		"a header":            {"GET", "/write", []string{"X-HTTP-Method-Override: POST"}},
		"another header":      {"GET", "/write", []string{"X-Method-Override: post"}},
		"a header misspelled": {"GET", "/write", []string{"X.HTTP.Method_Override: POST"}},
		"its query":           {"GET", "/write?_method=POST", nil},
		"its query, twice":    {"GET", "/write?_method=GET&_method=post", nil},
		"a list in a header":  {"PUT", "/write", []string{"X-HTTP-Method-Override: POST, x"}}, // of which Express takes the first
		"a list in its query": {"GET", "/write?_method=x,post", nil},
		"a semicolon":         {"GET", "/write?x=1;_method=post", nil},
		"another mark":        {"GET", "/write?.method=post", nil}, // which PHP takes for an underscore
		"an array":            {"GET", "/write?_method%5b%5d=post", nil},
		"half an escape":      {"GET", "/write?_method=post%", nil},
		"behind many":         {"GET", "/write?" + strings.Repeat("a&", 11_000) + "_method=post", nil}, // of which net/url reads none
	} {
		if w := g.ask(tt.method, tt.path, append(tt.headers, reader)...); w.Code != 403 {
			t.Errorf("%s: %d by who may not write", name, w.Code)
		}
		if w := g.ask(tt.method, tt.path, append(tt.headers, writer)...); w.Code != 200 {
			t.Errorf("%s: %d by who may", name, w.Code)
		}
	}
	passes(t, g.ask("GET", "/write", reader))
	passes(t, g.ask("GET", "/read"))
	if w := g.ask("get", "/read", "X-HTTP-Method-Override: DELETE"); w.Code != 401 {
		t.Errorf("a white list of one method: %d", w.Code)
	}
	// A link of another site brings cookies along (SameSite=Lax).
	b := g.browser()
	passes(t, b.signIn("/"))
	for target, want := range map[string]int{"/x": 200, "/x?_method=GET": 200, "/x?_method=DELETE": 403, "/x?%5fmethod=put": 403} {
		if w := b.send("GET", target, "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"); w.Code != want {
			t.Errorf("a link to %s: %d, want %d", target, w.Code, want)
		}
	}
	passes(t, b.send("GET", "/x?_method=DELETE", "Sec-Fetch-Site: same-origin"))
}

// attackCopies uses copies of a session's cookie after it was signed out, and at other gatekeepers.
func attackCopies(t *testing.T) {
	p := newProvider(t)
	p.set(func() { p.life = 2 * time.Hour })
	for name, own := range map[string]flags{"as it is": nil, "renewed": {"enable-refresh-tokens": "true"}, "of little time": {"access-token-duration": "1m"}, "of little time, renewed": {"access-token-duration": "1m", "enable-refresh-tokens": "true"}} {
		g := newGate(t, p, own)
		b := g.browser()
		passes(t, b.signIn("/"))
		copied := &browser{g, maps.Clone(b.cookies)}
		passes(t, copied.send("GET", "/"))
		if w := b.send("GET", "/oauth/logout", page...); w.Code != 302 || len(b.cookies) != 0 {
			t.Errorf("%s: logout %d, cookies %v", name, w.Code, b.cookies)
		}
		for _, later := range []time.Duration{0, 2 * time.Minute, 20 * time.Minute, time.Hour} {
			g.skip(later)
			again := &browser{g, maps.Clone(copied.cookies)}
			if w := again.send("GET", "/"); w.Code != 401 {
				t.Errorf("%s: a copy opens %s after logout: %d", name, later, w.Code)
			}
		}
	}
	g := newGate(t, p, nil)
	b := g.browser()
	passes(t, b.signIn("/"))
	elsewhere := newProvider(t)
	for name, other := range map[string]*gate{"of another issuer": newGate(t, elsewhere, nil), "of another name of the issuer": newGate(t, p, flags{"unsafe-skip-token-verification": "true", "issuer": "https://id.example/realms/shop", "discovery-url": p.at})} {
		at := &browser{other, maps.Clone(b.cookies)}
		if w := at.send("GET", "/"); w.Code != 401 {
			t.Errorf("at a gatekeeper %s: %d", name, w.Code)
		}
	}
	again := &browser{newGate(t, p, nil), maps.Clone(b.cookies)}
	passes(t, again.send("GET", "/")) // another of the same, with the same key
}

// attackCookieNames spells cookies as servers may read them that are more lenient, and gives them to another use.
func attackCookieNames(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	b := g.browser()
	passes(t, b.signIn("/"))
	const name = "__Host-kc-access"
	value := b.cookies[name]
	way := g.browser()
	way.open("/")
	var begun string
	for _, v := range way.cookies {
		begun = v
	}
	rest := strings.TrimPrefix(value, "1.")
	for header, want := range map[string]int{
		name + "=" + value:                                      200,
		name + `="` + value + `"`:                               200,
		"a=b; " + name + "=" + value + "; " + name + "=x":       200, // what the browser sends first is of the longer path or older
		name + "=x; " + name + "=" + value:                      401,
		"\u2000" + name + "=" + value:                           401,
		"__HOST-KC-ACCESS=" + value:                             401,
		"__Host-kc_access=" + value:                             401,
		"__Secure-kc-access=" + value:                           401,
		"kc-access=" + value:                                    401,
		"=" + name + "=" + value:                                401,
		"$Version=1; " + name + "X=" + value:                    401,
		name + "-1=" + value:                                    401,
		name + "=" + begun:                                      401,
		name + "=0." + rest:                                     401,
		name + "=2." + rest:                                     401,
		name + "=-1." + rest:                                    401,
		name + "=13." + rest:                                    401,
		name + "=1" + rest:                                      401,
		name + "=" + strconv.FormatUint(1<<63, 10) + "." + rest: 401,
		name + "=1.":                                            401,
		name + "=1." + rest[:len(rest)-1]:                       401,
		name + "=1." + rest + "A":                               401,
		name + "=1." + rest + "=":                               401,
		name + "=1." + rest[1:]:                                 401,
	} {
		before := g.requests()
		if w := g.ask("GET", "/", "Cookie: "+header); w.Code != want || (g.requests() > before) != (want == 200) {
			t.Errorf("%.60s…: %d, want %d", header, w.Code, want)
		}
	}
	// A session in place of a sign-in's state.
	back := way.atProvider(way.open("/"))
	for cookie := range way.cookies {
		way.cookies[cookie] = value
	}
	if w := way.send("GET", back.RequestURI(), page...); w.Code != 400 {
		t.Errorf("a session for a sign-in: %d", w.Code)
	}
	// A token that no cookies hold: nobody is signed in, and it is said.
	p.set(func() { p.access["padding"] = strings.Repeat("x", 35000) })
	large := g.browser()
	w := large.send("GET", large.atProvider(large.open("/")).RequestURI(), page...)
	if w.Code != 502 || len(large.cookies) != 0 || !strings.Contains(w.Body.String(), "too large for the cookies") {
		t.Errorf("a token of 50 kB: %d, cookies %d", w.Code, len(large.cookies))
	}
}

// attackKin has pages of origins act that look like one that may.
func attackKin(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"cors-origins": "https://app.example", "cors-credentials": "true", "same-site-cookie": "None"})
	b := g.browser()
	passes(t, b.signIn("/"))
	token := "Authorization: Bearer " + p.bearer()
	for origin, may := range map[string]bool{
		"https://app.example": true, "https://app.example.evil.example": false, "https://evilapp.example": false, "https://www.app.example": false, "http://app.example": false,
		"https://app.example:444": false, "https://APP.example": false, "https://app.example/": false, "null": false, "https://gate.example.evil.example": false, "https://app.example, https://evil.example": false,
	} {
		want := map[bool]int{true: 200, false: 403}[may]
		if w := b.send("POST", "/", "Origin: "+origin); w.Code != want {
			t.Errorf("%s acts: %d", origin, w.Code)
		}
		if w := b.send("POST", "/", "Origin: "+origin, "Sec-Fetch-Site: cross-site"); w.Code != want {
			t.Errorf("%s acts in a browser that says so: %d", origin, w.Code)
		}
		if got := g.ask("GET", "/", token, "Origin: "+origin).Header().Get("Access-Control-Allow-Origin"); (got != "") != may {
			t.Errorf("%s: %q may read", origin, got)
		}
	}
}

// attackSize sends headers that have no end, and as many cookies as a session may have.
func attackSize(t *testing.T) {
	p := newProvider(t)
	at := run(t, newGate(t, p, flags{"listen": "127.0.0.1:0"}))
	for size, want := range map[int]int{60 << 10: 200, 256 << 10: 431} {
		text := "GET / HTTP/1.1\r\nHost: gate.example\r\nAuthorization: Bearer " + p.bearer() + "\r\nCookie: a=" + strings.Repeat("x", size) + "\r\n\r\n"
		if got := exchange(t, at, text); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
	}
}
