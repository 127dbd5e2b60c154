package proxy_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// run serves a gatekeeper until the test ends, and gives the address that it listens on.
func run(t *testing.T, g *gate) string {
	t.Helper()
	at, err := tryRun(t, g)
	if err != nil {
		t.Fatal(err)
	}
	return at.String()
}

// tryRun is run where the gatekeeper may not be able to.
func tryRun(t *testing.T, g *gate) (net.Addr, error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	at, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- g.Run(ctx, func(a net.Addr) { at <- a }) }()
	select {
	case err := <-ended:
		stop()
		return nil, err
	case a := <-at:
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Errorf("it ends with %v", err)
			}
		})
		return a, nil
	}
}

func get(t *testing.T, c *http.Client, address string, headers ...string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body) + resp.Header.Get("Location"), nil
}

func TestTLS(t *testing.T) {
	p := newProvider(t)
	dir, pool := certificates(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second := plain.Addr().String()
	if err := plain.Close(); err != nil {
		t.Fatal(err)
	}
	g := newGate(t, p, flags{"listen": "127.0.0.1:0", "tls-cert": dir + "/cert.pem", "tls-private-key": dir + "/key.pem", "tls-ca-certificate": dir + "/ca.pem", "listen-http": second,
		"enable-https-redirection": "true", "enable-security-filter": "true"})
	address := run(t, g)
	auth := "Authorization: Bearer " + p.bearer()
	pair, err := tls.LoadX509KeyPair(dir+"/pair.pem", dir+"/pair.pem")
	if err != nil {
		t.Fatal(err)
	}
	shows := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}, ForceAttemptHTTP2: true}}
	if code, body, err := get(t, shows, "https://"+address+"/x", auth); err != nil || code != 200 || body != "upstream GET /x" {
		t.Errorf("with a certificate: %d %s %v", code, body, err)
	}
	bare := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if _, _, err := get(t, bare, "https://"+address+"/x", auth); err == nil {
		t.Error("without a certificate it is answered")
	}
	still := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if code, to, err := get(t, still, "http://"+second+"/x?y=1"); err != nil || code != 301 || !strings.HasSuffix(to, "https://gate.example/x?y=1") {
		t.Errorf("by HTTP: %d %s %v", code, to, err)
	}
	shows.CloseIdleConnections()
}

func TestUpstreamsByTLSAndSocket(t *testing.T) {
	p := newProvider(t)
	dir, pool := certificates(t)
	pair, err := tls.LoadX509KeyPair(dir+"/pair.pem", dir+"/pair.pem")
	if err != nil {
		t.Fatal(err)
	}
	says := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "upstream "+r.Host) })
	secure := httptest.NewUnstartedServer(says)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	secure.StartTLS()
	defer secure.Close()
	socket := filepath.Join(dir, "up.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	local := &http.Server{Handler: says}
	go func() { _ = local.Serve(l) }()
	defer local.Close()
	auth := "Authorization: Bearer " + p.bearer()
	for name, tt := range map[string]struct {
		own  flags
		want int
	}{
		"TLS":                         {flags{"upstream-url": secure.URL, "upstream-ca": dir + "/ca.pem", "tls-client-certificate": dir + "/pair.pem"}, 200},
		"nobody vouches":              {flags{"upstream-url": secure.URL, "tls-client-certificate": dir + "/pair.pem"}, 502},
		"unseen":                      {flags{"upstream-url": secure.URL, "skip-upstream-tls-verify": "true", "tls-client-certificate": dir + "/pair.pem"}, 200},
		"no certificate of the other": {flags{"upstream-url": secure.URL, "upstream-ca": dir + "/ca.pem"}, 502},
		"a socket":                    {flags{"upstream-url": "unix://" + socket}, 200},
	} {
		if w := newGate(t, p, tt.own).ask("GET", "/", auth); w.Code != tt.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	// The gatekeeper itself on a socket.
	front := filepath.Join(dir, "front.sock")
	g := newGate(t, p, flags{"listen": "unix://" + front})
	run(t, g)
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", front)
	}}}
	if code, body, err := get(t, c, "http://gate/x", auth); err != nil || code != 200 {
		t.Errorf("on a socket: %d %s %v", code, body, err)
	}
	if err := newGate(t, p, flags{"listen": "unix://" + front}).Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a socket that is in use: %v", err)
	}
	c.CloseIdleConnections()
}

func TestIssuerByTLSAndProxy(t *testing.T) {
	p := newProvider(t)
	asked := 0
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a forward proxy
		asked++
		r.RequestURI = ""
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	defer between.Close()
	g := newGate(t, p, flags{"openid-provider-proxy": between.URL})
	passes(t, g.browser().signIn("/"))
	if asked < 3 {
		t.Errorf("the proxy was asked %d times", asked)
	}
	dir, _ := certificates(t)
	pair, err := tls.LoadX509KeyPair(dir+"/pair.pem", dir+"/pair.pem")
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewUnstartedServer(p.Config.Handler)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	secure.StartTLS()
	defer secure.Close()
	p.set(func() { p.url = secure.URL + "/realms/shop"; p.at = p.url })
	passes(t, newGate(t, p, flags{"openid-provider-ca": dir + "/ca.pem"}).ask("GET", "/", "Authorization: Bearer "+p.bearer()))
	if w := newGate(t, p, flags{"openid-provider-timeout": "2s"}).ask("GET", "/", "Authorization: Bearer "+p.bearer()); w.Code != 503 {
		t.Errorf("nobody vouches for the issuer: %d", w.Code)
	}
}

// TestAnswersAndCookies are options that show in answers.
func TestAnswersAndCookies(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-security-filter": "true", "filter-content-nosniff": "true", "filter-frame-deny": "true", "content-security-policy": "default-src 'self'", "response-headers": "X-A=1",
		"enable-request-id": "true", "request-id-header": "X-Trace", "enable-logging": "true"})
	auth := "Authorization: Bearer " + p.bearer()
	w := g.ask("GET", "/", auth)
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": "default-src 'self'", "X-A": "1"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := g.last().Header.Get("X-Trace"); len(got) < 20 {
		t.Errorf("X-Trace: %q", got)
	}
	passes(t, g.ask("GET", "/", auth, "X-Trace: mine"))
	if got := g.last().Header.Get("X-Trace"); got != "mine" {
		t.Errorf("X-Trace: %q", got)
	}
	if !strings.Contains(g.log.String(), "msg=request status=200 method=GET") {
		t.Errorf("requests are not logged: %s", g.log)
	}
	for name, tt := range map[string]struct {
		own  flags
		want string
	}{
		"as it is":        {nil, "__Host-kc-access=1.…; Path=/; HttpOnly; Secure; SameSite=Lax"},
		"lasting":         {flags{"enable-session-cookies": "false"}, "__Host-kc-access=1.…; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax"},
		"and renewed":     {flags{"enable-session-cookies": "false", "enable-refresh-tokens": "true"}, "__Host-kc-access=1.…; Path=/; Max-Age=1800; HttpOnly; Secure; SameSite=Lax"},
		"of a domain":     {flags{"cookie-domain": "gate.example", "cookie-access-name": "sid"}, "__Secure-sid=1.…; Path=/; Domain=gate.example; HttpOnly; Secure; SameSite=Lax"},
		"without TLS":     {flags{"secure-cookie": "false", "redirection-url": "http://gate.example"}, "kc-access=1.…; Path=/; HttpOnly; SameSite=Lax"},
		"for other sites": {flags{"same-site-cookie": "None"}, "__Host-kc-access=1.…; Path=/; HttpOnly; Secure; SameSite=None"},
	} {
		b := newGate(t, p, tt.own).browser()
		w := b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...)
		found := false
		for _, line := range w.Header()["Set-Cookie"] {
			head, rest, _ := strings.Cut(line, "1.")
			_, attributes, _ := strings.Cut(rest, ";")
			found = found || head+"1.…;"+attributes == tt.want
		}
		if !found {
			t.Errorf("%s: %q, want %s", name, w.Header()["Set-Cookie"], tt.want)
		}
	}
}

// TestFormsOfRequests are options that show in what the issuer is sent.
func TestFormsOfRequests(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"client-auth-method": "secret-body", "enable-refresh-tokens": "true", "revocation-url": p.url + "/revoke"})
	b := g.browser()
	passes(t, b.signIn("/"))
	if form := p.forms[len(p.forms)-1]; form.Get("client_secret") != "app-secret" || form.Get("client_id") != "my-app" {
		t.Errorf("secret-body: %v", form)
	}
	b.send("GET", "/oauth/logout", page...)
	if form := p.forms[len(p.forms)-1]; form.Get("token") == "" || form.Get("refresh_token") != form.Get("token") {
		t.Errorf("revocation-url: %v", form)
	}
	untyped := claims{"typ": nil}
	if w := newGate(t, p, nil).ask("GET", "/", "Authorization: Bearer "+p.bearer(untyped)); w.Code != 401 {
		t.Errorf("an untyped token: %d", w.Code)
	}
	passes(t, newGate(t, p, flags{"accept-untyped-tokens": "true"}).ask("GET", "/", "Authorization: Bearer "+p.bearer(untyped)))
	passes(t, newGate(t, p, flags{"audience": "api"}).ask("GET", "/", "Authorization: Bearer "+p.bearer(claims{"aud": "api"})))
	if w := newGate(t, p, flags{"audience": "api"}).ask("GET", "/", "Authorization: Bearer "+p.bearer()); w.Code != 401 || !strings.Contains(w.Body.String(), "included.custom.audience") {
		t.Errorf("audience api: %d %s", w.Code, w.Body)
	}
}
