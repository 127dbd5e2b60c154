package proxy_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// TestProofOfPossession: a token that is bound to a key passes with a proof for this very request as the caller sent it, once; the upstream
// gets both.
func TestProofOfPossession(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	holder := bearertest.NewHolder(t)
	token := p.bearer(claims(holder.Bind(nil)))
	const at = "https://gate.example/orders/a%2Fb"
	send := func(scheme, token, proof string) int {
		return g.ask("GET", "/orders/a%2Fb?page=2", "Authorization: "+scheme+" "+token, "DPoP: "+proof).Code
	}
	proof := holder.Proof("GET", at, token, nil)
	if code := send("dpop", token, proof); code != 200 {
		t.Fatalf("%d: %s", code, g.log)
	}
	got := g.last().Header
	if got.Get("Authorization") != "dpop "+token || got.Get("DPoP") != proof || got.Get("X-Auth-Subject") != "alice-id" {
		t.Errorf("the upstream sees %v", got)
	}
	seen := g.requests()
	for name, code := range map[string]int{
		"the same proof again":   send("DPoP", token, proof),
		"no proof":               send("DPoP", token, ""),
		"as a bearer token":      send("Bearer", token, holder.Proof("GET", at, token, nil)),
		"for another method":     send("DPoP", token, holder.Proof("POST", at, token, nil)),
		"for the upstream":       send("DPoP", token, holder.Proof("GET", g.upstream.URL+"/orders/a%2Fb", token, nil)),
		"for another path":       send("DPoP", token, holder.Proof("GET", "https://gate.example/orders/a/b", token, nil)),
		"for another token":      send("DPoP", token, holder.Proof("GET", at, token+"x", nil)),
		"by another key":         send("DPoP", token, bearertest.NewHolder(t).Proof("GET", at, token, nil)),
		"of a token that is not": send("DPoP", p.bearer(), holder.Proof("GET", at, p.bearer(), nil)),
	} {
		if code != 401 {
			t.Errorf("%s: %d", name, code)
		}
	}
	if g.requests() != seen {
		t.Error("the upstream is asked all the same")
	}
}

// TestBoundTokensStayHere: where the upstream is not to see tokens, it does not see bound ones either.
func TestBoundTokensStayHere(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-token-header": "false", "enable-authorization-header": "false"})
	holder := bearertest.NewHolder(t)
	token := p.bearer(claims(holder.Bind(nil)))
	passes(t, g.ask("GET", "/", "Authorization: DPoP "+token, "DPoP: "+holder.Proof("GET", "https://gate.example/", token, nil)))
	if got := g.last().Header; got["Authorization"] != nil || got["X-Auth-Token"] != nil || got.Get("X-Auth-Subject") != "alice-id" {
		t.Errorf("the upstream sees %v", got)
	}
}

// TestBoundTokensAreNotExchanged: only the holder could prove at the issuer that they have the token, and a token that is bound to the
// gatekeeper, or to nobody, would be less than what the caller came with. The issuer is not even asked.
func TestBoundTokensAreNotExchanged(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/orders|exchange-to=orders"})
	holder := bearertest.NewHolder(t)
	token := p.bearer(claims(holder.Bind(nil)))
	w := g.ask("GET", "/orders", "Authorization: DPoP "+token, "DPoP: "+holder.Proof("GET", "https://gate.example/orders", token, nil))
	if w.Code != 403 || !strings.Contains(w.Body.String(), "A token that is bound to its holder is not exchanged here") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := g.ask("GET", "/orders", "Authorization: DPoP "+token); w.Code != 401 {
		t.Errorf("without a proof: %d", w.Code)
	}
	if n := p.count("urn:ietf:params:oauth:grant-type:token-exchange"); n != 0 || g.requests() != 0 {
		t.Errorf("%d exchanges, %d requests to the upstream", n, g.requests())
	}
	passes(t, g.ask("GET", "/orders", "Authorization: Bearer "+p.bearer()))
	passes(t, g.ask("GET", "/elsewhere", "Authorization: DPoP "+token, "DPoP: "+holder.Proof("GET", "https://gate.example/elsewhere", token, nil)))
}

// TestCertificateBoundTokensAreNotExchanged: likewise what is bound to the caller's TLS certificate.
func TestCertificateBoundTokensAreNotExchanged(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/orders|exchange-to=orders"})
	dir, _ := certificates(t)
	pair, err := tls.LoadX509KeyPair(dir+"/pair.pem", dir+"/pair.pem")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pair.Leaf.Raw)
	token := p.bearer(claims{"cnf": claims{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}})
	for path, want := range map[string]int{"/orders": 403, "/elsewhere": 200} {
		r := httptest.NewRequest("GET", "https://gate.example"+path, nil)
		r.TLS.PeerCertificates = []*x509.Certificate{pair.Leaf}
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if g.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if n := p.count("urn:ietf:params:oauth:grant-type:token-exchange"); n != 0 {
		t.Errorf("%d exchanges", n)
	}
}
