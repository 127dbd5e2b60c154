package proxy_test

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// BenchmarkGatekeeper asks an upstream directly, through a bare httputil.ReverseProxy and through a gatekeeper, by turns, and tells how many
// requests through each go into a second of CPU. Caller and upstream are in the same process: their share, that of asking directly, is taken off for
// "alone-%", which is what the bare proxy costs by itself of what the gatekeeper costs by itself. Where each token is new, "limit-%" is what
// "of-bare-%" would be of a bare proxy that checked its signature and did nothing else.
func BenchmarkGatekeeper(b *testing.B) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer upstream.Close()
	to, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}

	bare := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
		Transport: &http.Transport{MaxIdleConnsPerHost: 50, DisableCompression: true}})
	defer bare.Close()
	p := newProvider(b)
	g := newGate(b, p, flags{"upstream-url": upstream.URL, "enable-refresh-tokens": "true"})
	gate := httptest.NewServer(g)
	defer gate.Close()
	rsaProvider := newProvider(b) // as Keycloak's are unless they are told otherwise
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	rsaProvider.signWith("rsa", jose.RS256, private)
	rsaGate := httptest.NewServer(newGate(b, rsaProvider, flags{"upstream-url": upstream.URL}))
	defer rsaGate.Close()
	person := g.browser()
	if w := person.signIn("/"); w.Code != http.StatusOK {
		b.Fatal(w.Code)
	}
	delete(person.cookies, "__Host-kc-access-signed-in") // it is there for a minute
	cookie := ""
	for name, value := range maps.All(person.cookies) {
		cookie += "Cookie: " + name + "=" + value + "\r\n"
	}
	bearer := func(token string) string { return "Authorization: Bearer " + token + "\r\n" }
	seen := bearer(p.bearer())
	for _, kind := range []struct {
		name   string
		gate   *httptest.Server
		header func() string
		signed *provider // each token is new, and signed by this one
	}{
		{"bearer", gate, func() string { return seen }, nil},
		{"session", gate, func() string { return cookie }, nil},
		{"unseen ES256", gate, func() string { return bearer(p.bearer()) }, p},
		{"unseen RS256", rsaGate, func() string { return bearer(rsaProvider.bearer()) }, rsaProvider},
	} {
		b.Run(kind.name, func(b *testing.B) {
			ways := []*line{dial(b, upstream), dial(b, bare), dial(b, kind.gate)}
			var spent [3]time.Duration
			var checking time.Duration
			asked := 0
			for b.Loop() {
				headers := make([]string, turn)
				for n := range headers {
					headers[n] = kind.header()
				}
				for i, way := range ways {
					before := cpu(b)
					for _, header := range headers {
						way.ask(b, header)
					}
					spent[i] += cpu(b) - before
				}
				if kind.signed != nil {
					before := cpu(b)
					for _, header := range headers {
						check(b, kind.signed.key.Key, header)
					}
					checking += cpu(b) - before
				}
				asked += turn
			}
			per := func(d time.Duration) float64 { return float64(asked) / d.Seconds() }
			b.ReportMetric(per(spent[2]), "req/cpu-s")
			b.ReportMetric(per(spent[1]), "bare")
			b.ReportMetric(100*per(spent[2])/per(spent[1]), "of-bare-%")
			if kind.signed != nil {
				b.ReportMetric(100*float64(spent[1])/float64(spent[1]+checking), "limit-%")
			}
			b.ReportMetric(100*float64(spent[1]-spent[0])/float64(spent[2]-spent[0]), "alone-%")
		})
	}
}

// turn is how many requests are sent one way before the next.
const turn = 200

// line is a connection that is asked one thing over and over.
type line struct {
	net.Conn
	answers *bufio.Reader
	text    []byte
}

func dial(b *testing.B, s *httptest.Server) *line {
	b.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return &line{c, bufio.NewReader(c), nil}
}

func (l *line) ask(b *testing.B, header string) {
	l.text = append(append(append(l.text[:0], "GET /orders/7 HTTP/1.1\r\nHost: gate.example\r\nAccept: */*\r\nUser-Agent: bench\r\n"...), header...), "\r\n"...)
	if _, err := l.Write(l.text); err != nil {
		b.Fatal(err)
	}
	resp, err := http.ReadResponse(l.answers, nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(resp.StatusCode, err)
	}
}

// check checks the signature of the token in a header, and nothing else.
func check(b *testing.B, public any, header string) {
	token := strings.TrimSpace(strings.TrimPrefix(header, "Authorization: Bearer "))
	end := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(token[:end]))
	good := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		good = rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
	case *ecdsa.PublicKey:
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		good = ecdsa.Verify(k, sum[:], r, s)
	}
	if !good {
		b.Fatal("the signature is bad")
	}
}

// cpu is what the process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
