package proxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
	"github.com/tokenhouse/tokenhouse/internal/proxy/setup"
)

// shown is what an option does: what is seen of gatekeepers that differ in its value alone.
type shown struct {
	also  flags                              // options that are there in each case
	given func(*places, *provider)           // what the provider is like
	see   func(t *testing.T, v *view) string // looks at a gatekeeper
	// want is what is seen, by the option's value; "-" is without it. "refused: …" is a part of why there is no such
	// gatekeeper. Values may name places.
	want map[string]string
}

// view is a gatekeeper that is looked at.
type view struct {
	*gate
	*places
	value string // of the option
}

// patience is how long something is waited for that comes with the option, and does not without it.
func (v *view) patience() time.Duration {
	if v.value == "-" {
		return 60 * time.Millisecond
	}
	return patience
}

// TestOptions shows of each option what it does, beside what is so without it or with another value of it. An option without a row
// fails, and so does a row whose values all make the same.
func TestOptions(t *testing.T) {
	at := newPlaces(t)
	rows := map[string]shown{}
	for _, some := range []map[string]shown{issuerOptions, upstreamOptions, accessOptions, sessionOptions, answerOptions, listenOptions} {
		maps.Copy(rows, some)
	}
	for _, o := range setup.All() {
		t.Run(o.Name, func(t *testing.T) {
			row := rows[o.Name]
			if len(slices.Compact(slices.Sorted(maps.Values(row.want)))) < 2 {
				t.Fatal("nothing shows what it does")
			}
			for value, want := range row.want {
				if got := at.look(t, o.Name, value, row); got != want && !isRefusal(got, want) {
					t.Errorf("%s: %s\nwant %s", value, got, want)
				}
			}
		})
		delete(rows, o.Name)
	}
	for name := range rows {
		t.Errorf("%s is no option", name)
	}
}

// What is seen of a gatekeeper that there is not, or that does not run, begins so.
const noGate, noRun = "refused: ", "does not run: "

// isRefusal tells whether there is no gatekeeper for the reason that is wanted.
func isRefusal(got, want string) bool {
	for _, kind := range []string{noGate, noRun} {
		if reason, refused := strings.CutPrefix(want, kind); refused {
			return strings.HasPrefix(got, kind) && strings.Contains(got, reason)
		}
	}
	return false
}

// look makes a gatekeeper with a value of an option, and looks at it.
func (at *places) look(t *testing.T, option, value string, row shown) string {
	t.Helper()
	p := newProvider(t)
	if row.given != nil {
		row.given(at, p)
	}
	own := flags{}
	for name, v := range row.also {
		own[name] = at.fill(p, v)
	}
	own[option] = at.fill(p, value)
	g, err := makeGate(t, p, own)
	if err != nil {
		return noGate + err.Error()
	}
	return row.see(t, &view{g, at, value})
}

// places are servers and files that options name.
type places struct {
	files  string           // directory with certificates
	pool   *x509.CertPool   // that vouches for them
	secure *httptest.Server // answers by TLS
	app    *httptest.Server // answers
	slow   *httptest.Server // answers after slowness
	mute   string           // address where connections are taken, and nothing is said
	socket string           // of a server
	other  *provider
}

const slowness = 80 * time.Millisecond

func newPlaces(t *testing.T) *places {
	at := &places{other: newProvider(t), mute: mute(t)}
	at.files, at.pool = certificates(t)
	pair, err := tls.LoadX509KeyPair(at.files+"/pair.pem", at.files+"/pair.pem")
	if err != nil {
		t.Fatal(err)
	}
	says := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			_, _ = io.WriteString(w, "certificate, ")
		}
		_, _ = io.WriteString(w, "upstream "+r.Method+" "+r.RequestURI)
	})
	at.secure = httptest.NewUnstartedServer(says)
	at.secure.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
	at.secure.StartTLS()
	at.app = httptest.NewServer(says)
	at.slow = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(slowness)
		says(w, r)
	}))
	at.socket = filepath.Join(at.files, "up.sock")
	l, err := net.Listen("unix", at.socket)
	if err != nil {
		t.Fatal(err)
	}
	local := &http.Server{Handler: says}
	go func() { _ = local.Serve(l) }()
	t.Cleanup(func() { at.secure.Close(); at.app.Close(); at.slow.Close(); _ = local.Close() })
	return at
}

// fill puts places where a value names them.
func (at *places) fill(p *provider, value string) string {
	known := map[string]func() string{
		"{issuer}": func() string { return p.at }, "{other issuer}": func() string { return at.other.url }, "{issuer's proxy}": func() string { return forwarding(p) },
		"{files}": func() string { return at.files }, "{socket}": func() string { return at.socket }, "{secure}": func() string { return at.secure.URL },
		"{slow}": func() string { return at.slow.URL }, "{mute}": func() string { return at.mute }, "{reads all}": func() string { return readsAll(p) }, "{app}": func() string { return at.app.URL }, "{free}": func() string { return free(p) },
	}
	for name, place := range known {
		if strings.Contains(value, name) {
			value = strings.ReplaceAll(value, name, place())
		}
	}
	return value
}

// mute is an address where connections are taken, and nothing is said.
func mute(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String() // the system takes connections that nobody accepts
}

// portsGiven counts them.
var portsGiven atomic.Int64

// free is an address that nobody listens on. Its port is below those that connections are given, any of which could take it, and
// none comes twice.
func free(t testing.TB) string {
	t.Helper()
	var failed error
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+(int64(os.Getpid())*101+portsGiven.Add(1))%12000)
		l, err := net.Listen("tcp", address)
		if err == nil {
			err = l.Close()
		}
		if err == nil {
			return address
		}
		failed = err
	}
	t.Fatal(failed)
	return ""
}

// forwarding is a forward proxy that has the provider answer for every host.
func forwarding(p *provider) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.set(func() { p.asked["by proxy"]++ })
		p.Config.Handler.ServeHTTP(w, r)
	}))
	p.Cleanup(s.Close)
	return s.URL
}

// TestResourceFields: TestOptions shows each field of a resource, as it is written.
func TestResourceFields(t *testing.T) {
	for f := range reflect.TypeFor[resource.Resource]().Fields() {
		name := f.Tag.Get("yaml")
		effects := map[string]bool{}
		for value, want := range accessOptions["resources"].want {
			if strings.Contains("|"+strings.ReplaceAll(value, "\n", "|"), "|"+name+"=") {
				effects[want] = true
			}
		}
		if len(effects) < 2 {
			t.Errorf("%s: shown with %v alone", name, effects)
		}
	}
}

// TestIdleOptions: what is given and does nothing is told at start.
func TestIdleOptions(t *testing.T) {
	p := newProvider(t)
	for option, tt := range map[string]struct {
		own  flags
		want string // what it says of the option; empty: nothing
	}{
		"cors-credentials":              {flags{"cors-credentials": "true"}, "without cors-origins"},
		"cors-methods":                  {flags{"cors-methods": "GET", "cors-origins": "https://app.example"}, ""},
		"localhost-metrics":             {flags{"localhost-metrics": "true"}, "without enable-metrics"},
		"request-id-header":             {flags{"request-id-header": "X-Trace"}, "without enable-request-id"},
		"client-auth-method":            {flags{"client-auth-method": "secret-body", "client-secret": "-"}, "without client-secret"},
		"show-explanations":             {flags{"show-explanations": "true"}, "without explain-client-id"},
		"show-explanations, exchanging": {flags{"show-explanations": "true", "resources": "uri=/orders|exchange-to=orders"}, ""},
		"accept-untyped-tokens":         {flags{"accept-untyped-tokens": "true", "unsafe-skip-token-verification": "true"}, "with unsafe-skip-token-verification"},
		"openid-provider-ca":            {flags{"openid-provider-ca": "ca.pem"}, "without TLS to the issuer"},
		"tls-client-certificate":        {flags{"tls-client-certificate": "pair.pem"}, "without TLS to upstream or issuer"},
		"enable-security-filter":        {flags{"enable-security-filter": "true"}, "without one of the options that need it"},
		"hostnames":                     {flags{"enable-security-filter": "true", "hostnames": "gate.example"}, ""},
		"skip-upstream-tls-verify":      {flags{"skip-upstream-tls-verify": "true"}, "without TLS to the upstream"},
		"upstream-ca":                   {flags{"upstream-ca": "ca.pem", "upstream-url": "https://app.example"}, ""},
		"max-idle-connections":          {flags{"max-idle-connections": "90", "upstream-keepalives": "false"}, "without upstream-keepalives"},
		"trusted-proxies":               {flags{"trusted-proxies": "10.0.0.0/8", "listen": "unix:///run/gate.sock"}, "with a socket"},
		"revocation-url":                {flags{"revocation-url": "https://id.example/revoke"}, "without enable-refresh-tokens"},
		"enable-refresh-tokens":         {flags{"enable-refresh-tokens": "true", "no-redirects": "true"}, "nobody signs in"},
		"cookie-domain":                 {flags{"cookie-domain": "gate.example"}, ""},
		"enable-logging":                {flags{"enable-logging": "true", "disable-all-logging": "true"}, "with disable-all-logging"},
		"secure-cookie":                 {flags{"secure-cookie": "true", "no-redirects": "true"}, ""}, // it is so anyway
		"upstream-keepalive-timeout":    {flags{"upstream-keepalive-timeout": "1s", "upstream-url": "unix:///run/app.sock"}, "with a socket"},
	} {
		g := &gate{TB: t, provider: p, log: &lines{}, upstream: p.Server}
		s, err := g.settings(tt.own)
		if err != nil {
			t.Errorf("%s: %v", option, err)
			continue
		}
		var told string
		for _, w := range s.Warnings {
			if rest, ok := strings.CutPrefix(w, strings.TrimSuffix(option, ", exchanging")+" does nothing "); ok {
				told += rest
			}
		}
		if tt.want == "" && told != "" || !strings.Contains(told, tt.want) {
			t.Errorf("%s: told %q, want %q", option, told, tt.want)
		}
	}
}
