package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// greeter is an upstream that upgrades connections, says whom it takes the caller for, and gives back what comes, line by line.
func greeter(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n%s for %s\n", r.Header.Get("X-Auth-Subject"), r.Header.Get("X-Auth-Audience"))
		for err = rw.Flush(); err == nil; err = rw.Flush() {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = rw.WriteString("echo " + line)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// socket is an upgraded connection.
type socket struct {
	net.Conn
	*bufio.Reader
	greeting string
}

func (s *socket) Read(p []byte) (int, error) { return s.Reader.Read(p) }

// open upgrades a connection to a path, and refuses to be refused.
func open(t *testing.T, front *httptest.Server, path string, headers ...string) *socket {
	t.Helper()
	c, r, err := upgrade(front.Listener.Addr().String(), "GET "+path+" HTTP/1.1\r\nHost: gate.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+strings.Join(headers, "\r\n")+"\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	greeting, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &socket{c, r, strings.TrimSpace(greeting)}
}

// speaks tells whether a connection gives back what is said on it.
func (s *socket) speaks(t *testing.T) bool {
	t.Helper()
	if err := s.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(s, "hello\n"); err != nil {
		return false
	}
	line, err := s.ReadString('\n')
	return err == nil && line == "echo hello\n"
}

// ends tells whether a connection ends, on which nothing more is said.
func (s *socket) ends(t *testing.T) bool {
	t.Helper()
	if err := s.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, err := s.ReadByte()
	return err != nil && !os.IsTimeout(err)
}

// TestWebSocketsOfSessions: a session opens WebSockets, which its sign-out ends, and nothing else does; those of others stay.
func TestWebSocketsOfSessions(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"upstream-url": greeter(t).URL, "resources": "uri=/orders/*|exchange-to=orders\nuri=/admin/*|roles=admin"})
	front := httptest.NewServer(g)
	defer front.Close()
	signedIn := func() (*browser, string) {
		b := g.browser()
		b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...)
		return b, "Cookie: __Host-kc-access=" + b.cookies["__Host-kc-access"]
	}
	alice, cookie := signedIn()
	_, others := signedIn()
	const own, strange = "Origin: https://gate.example", "Origin: https://evil.example"
	first, second, other := open(t, front, "/socket", cookie, own), open(t, front, "/orders/socket", cookie), open(t, front, "/socket", others, own)
	program := open(t, front, "/orders/socket", "Authorization: Bearer "+p.bearer())
	if first.greeting != "alice-id for my-app" || second.greeting != "alice-id for orders" || program.greeting != "alice-id for orders" {
		t.Errorf("the upstream takes them for %q, %q, %q", first.greeting, second.greeting, program.greeting)
	}
	refused := func(name string, want int, path string, headers ...string) {
		t.Helper()
		text := "GET " + path + " HTTP/1.1\r\nHost: gate.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
		if got := exchange(t, front.Listener.Addr().String(), text); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	refused("nobody", 401, "/socket", "Accept: text/html")
	refused("another site's page", 403, "/socket", cookie, strange)
	refused("no role", 403, "/admin/socket", cookie, own)
	for name, s := range map[string]*socket{"first": first, "second": second, "other": other, "program": program} {
		if !s.speaks(t) {
			t.Errorf("%s says nothing", name)
		}
	}
	alice.send("GET", "/oauth/logout", page...)
	if !first.ends(t) || !second.ends(t) {
		t.Error("a WebSocket stays after alice signed out")
	}
	if !other.speaks(t) || !program.speaks(t) {
		t.Error("others end when alice signs out")
	}
	refused("who signed out", 401, "/socket", cookie, own)
	g.skip(6 * time.Minute) // tokens end
	if !other.speaks(t) || !program.speaks(t) {
		t.Error("a WebSocket ends with its token")
	}
	refused("a session that ended", 401, "/socket", others, own)
	refused("a token that ended", 401, "/socket", "Authorization: Bearer "+p.bearer(claims{"exp": time.Now().Add(-time.Minute).Unix()}))
}

// TestWebSocketRenewsItsSession: a session that is renewed by an upgrade gets its new cookie with the answer to that.
func TestWebSocketRenewsItsSession(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"upstream-url": greeter(t).URL, "enable-refresh-tokens": "true"})
	front := httptest.NewServer(g)
	defer front.Close()
	b := g.browser()
	b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...)
	p.set(func() { p.life = time.Hour })
	g.skip(6 * time.Minute)
	c, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: gate.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: __Host-kc-access="+b.cookies["__Host-kc-access"]+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 101 || len(resp.Cookies()) != 1 || resp.Cookies()[0].Value == b.cookies["__Host-kc-access"] {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	if w := g.ask("GET", "/oauth/expired", "Cookie: __Host-kc-access="+resp.Cookies()[0].Value); w.Code != 200 || p.count("refresh_token") != 1 {
		t.Errorf("the new cookie: %d, renewed %d times", w.Code, p.count("refresh_token"))
	}
}

// TestStreamsOfSessionsEnd: so does a stream of events; what has an end of its own is let finish.
func TestStreamsOfSessionsEnd(t *testing.T) {
	p := newProvider(t)
	finish := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			w.Header().Set("Content-Type", "Text/Event-Stream; charset=utf-8")
		}
		_, _ = io.WriteString(w, "begun\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-finish:
			_, _ = io.WriteString(w, "finished\n")
		}
	}))
	defer up.Close()
	g := newGate(t, p, flags{"upstream-url": up.URL})
	front := httptest.NewServer(g)
	defer front.Close()
	b := g.browser()
	b.send("GET", b.atProvider(b.open("/oauth/authorize?redirect=/x")).RequestURI(), page...)
	begin := func(path, accept string) *bufio.Reader {
		r, err := http.NewRequestWithContext(t.Context(), "GET", front.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		r.Header.Set("Cookie", "__Host-kc-access="+b.cookies["__Host-kc-access"])
		resp, err := front.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		lines := bufio.NewReader(resp.Body)
		if line, err := lines.ReadString('\n'); err != nil || line != "begun\n" {
			t.Fatalf("%d %q %v", resp.StatusCode, line, err)
		}
		return lines
	}
	asked, answered, file := begin("/", "text/event-stream"), begin("/events", "*/*"), begin("/", "*/*")
	b.send("GET", "/oauth/logout", page...)
	for name, events := range map[string]*bufio.Reader{"that are asked for": asked, "that are answered with": answered} {
		if line, err := events.ReadString('\n'); err == nil {
			t.Errorf("events %s go on: %q", name, line)
		}
	}
	close(finish)
	if line, err := file.ReadString('\n'); err != nil || line != "finished\n" {
		t.Errorf("a download is cut off: %q %v", line, err)
	}
}

// TestStreamsThatHaveNotBegun: who waits for a stream in a session that is signed out meanwhile is told so.
func TestStreamsThatHaveNotBegun(t *testing.T) {
	p := newProvider(t)
	asked := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer up.Close()
	g := newGate(t, p, flags{"upstream-url": up.URL})
	front := httptest.NewServer(g)
	defer front.Close()
	b := g.browser()
	b.send("GET", b.atProvider(b.open("/oauth/authorize?redirect=/x")).RequestURI(), page...)
	r, err := http.NewRequestWithContext(t.Context(), "GET", front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cookie", "__Host-kc-access="+b.cookies["__Host-kc-access"])
	go func() {
		<-asked
		b.send("GET", "/oauth/logout", page...)
	}()
	resp, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

// TestSignOutDuringAnExchange: so is whose token is exchanged meanwhile.
func TestSignOutDuringAnExchange(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/*|exchange-to=orders"})
	b := g.browser()
	b.send("GET", b.atProvider(b.open("/oauth/authorize?redirect=/x")).RequestURI(), page...)
	cookie := "Cookie: __Host-kc-access=" + b.cookies["__Host-kc-access"]
	p.set(func() {
		p.instead = map[string]http.HandlerFunc{"/realms/shop/token": func(w http.ResponseWriter, r *http.Request) {
			b.send("GET", "/oauth/logout", page...)
			p.token(w, r)
		}}
	})
	if w := g.ask("GET", "/", "Accept: text/event-stream", cookie); w.Code != http.StatusUnauthorized || g.requests() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
