package proxy_test

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy"
	"github.com/tokenhouse/tokenhouse/internal/proxy/setup"
)

const key = "an encryption key of 32 bytes, ok"

// patience is how long something is waited for that has to come: long, for machines that have much else to do.
const patience = 30 * time.Second

// gate is a gatekeeper between a provider and an upstream.
type gate struct {
	testing.TB
	*proxy.Gatekeeper
	*provider
	upstream *httptest.Server
	log      *lines
	given    flags

	mu      sync.Mutex
	seen    []*http.Request // by the upstream, the last one last
	skipped time.Duration   // of time
	answers http.HandlerFunc
}

// lines are what was logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// flags are options, several values by newlines.
type flags map[string]string

// newGate makes a gatekeeper of https://gate.example, whose upstream answers "upstream" and what it was asked for.
func newGate(t testing.TB, p *provider, own flags) *gate {
	t.Helper()
	g, err := makeGate(t, p, own)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// makeGate is newGate where the options may be refused.
func makeGate(t testing.TB, p *provider, own flags) (*gate, error) {
	g := &gate{TB: t, provider: p, log: &lines{}}
	g.upstream = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.seen = append(g.seen, r)
		answers := g.answers
		g.mu.Unlock()
		if answers != nil {
			answers(w, r)
			return
		}
		w.Header().Set("X-Upstream", "yes")
		_, _ = io.WriteString(w, "upstream "+r.Method+" "+r.RequestURI)
	}))
	t.Cleanup(g.upstream.Close)
	s, err := g.settings(own)
	if err != nil {
		return nil, err
	}
	s.Now = g.now
	g.Gatekeeper, err = proxy.New(t.Context(), s.Config)
	return g, err
}

// settings are those of a gatekeeper for shop's client my-app, with some of its own.
func (g *gate) settings(own flags) (*setup.Settings, error) {
	all := flags{"discovery-url": g.url, "client-id": "my-app", "client-secret": "app-secret", "redirection-url": "https://gate.example", "upstream-url": g.upstream.URL,
		"encryption-key": key, "verbose": "true"}
	maps.Copy(all, own)
	g.given = all
	given := map[string][]string{}
	for name, value := range all {
		if value != "-" { // not given
			given[name] = strings.Split(value, "\n")
		}
	}
	s, err := setup.Read(given, nil, "")
	if err == nil {
		s.Log = s.Logger(g.log)
	}
	return s, err
}

// now is the time, as far as it was skipped.
func (g *gate) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Now().Add(g.skipped)
}

func (g *gate) skip(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.skipped += d
}

// answer has the upstream answer in another way.
func (g *gate) answer(answers http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers = answers
}

// last is the last request that the upstream saw; nil where it saw none.
func (g *gate) last() *http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) == 0 {
		return nil
	}
	return g.seen[len(g.seen)-1]
}

func (g *gate) requests() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.seen)
}

// ask sends a request with headers "Name: value".
func (g *gate) ask(method, target string, headers ...string) *httptest.ResponseRecorder {
	g.Helper()
	r := httptest.NewRequest(method, "https://gate.example"+target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

// browser is one with cookies. It is at the gatekeeper alone.
type browser struct {
	*gate
	cookies map[string]string
}

func (g *gate) browser() *browser { return &browser{g, map[string]string{}} }

// page is what a browser's navigation sends.
var page = []string{"Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none"}

func (b *browser) send(method, target string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	var all []string
	for name, value := range b.cookies {
		all = append(all, name+"="+value)
	}
	if all != nil {
		headers = append([]string{"Cookie: " + strings.Join(all, "; ")}, headers...)
	}
	w := b.ask(method, target, headers...)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	return w
}

func (b *browser) open(target string) *httptest.ResponseRecorder {
	b.Helper()
	return b.send("GET", target, page...)
}

// atProvider follows a redirect to the provider, and gives where that sends the browser.
func (b *browser) atProvider(w *httptest.ResponseRecorder) *url.URL {
	b.Helper()
	to := w.Header().Get("Location")
	if w.Code != http.StatusFound || !strings.HasPrefix(to, b.url+"/auth?") {
		b.Fatalf("%d, to %q, and not to the provider: %s", w.Code, to, w.Body)
	}
	r, err := http.NewRequestWithContext(b.Context(), "GET", to, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		b.Fatal(err)
	}
	return back
}

// signIn signs in, on the way to a page, and gives the answer to that.
func (b *browser) signIn(target string) *httptest.ResponseRecorder {
	b.Helper()
	back := b.atProvider(b.open(target))
	w := b.send("GET", back.RequestURI(), "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site")
	if w.Code != http.StatusFound || w.Header().Get("Location") != target {
		b.Fatalf("callback: %d, to %q: %s\n%s", w.Code, w.Header().Get("Location"), w.Body, b.log)
	}
	return b.open(target)
}

// passes demands that an answer is the upstream's.
func passes(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "upstream ") {
		t.Fatalf("%d %s, and not the upstream's answer", w.Code, w.Body)
	}
}

// accepting serves each connection by itself, and closes it then. It takes no more of them when the test ends.
func accepting(t testing.TB, serve func(net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l
}
