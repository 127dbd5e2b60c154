package bearer_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

const here = "https://orders.example/orders/7"

// TestProof: a proof is for one request with one token by one key, now and once (RFC 9449 §4.3).
func TestProof(t *testing.T) {
	issuer, holder := bearertest.NewIssuer(t), bearertest.NewHolder(t)
	v, err := bearer.Config{Issuer: issuer.URL, Log: quiet}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token := issuer.Token(holder.Bind(bearertest.Claims{"aud": "orders", "typ": "DPoP"}))
	other := issuer.Token(holder.Bind(bearertest.Claims{"aud": "orders", "typ": "DPoP"}))
	plain := issuer.Token(bearertest.Claims{"aud": "orders"})
	claim := func(name string, value any) string {
		return holder.Proof("GET", here, token, bearertest.Claims{name: value})
	}
	now := time.Now().Unix()
	otherwise := issuer.Token(bearertest.Claims{"aud": "orders", "cnf": map[string]any{"kid": "x"}})
	twice := holder.Proof("GET", here, token, nil)
	for name, tt := range map[string]struct {
		scheme, token string
		proofs        []string
		want          error
	}{
		"granted":                 {"DPoP", token, []string{holder.Proof("GET", here, token, nil)}, nil},
		"scheme in small letters": {"dpop", token, []string{holder.Proof("GET", here, token, nil)}, nil},
		"URL in other words":      {"DPoP", token, []string{holder.Proof("GET", "HTTPS://Orders.Example:443/%6frders/7?other=1#x", token, nil)}, nil},
		"a little ago":            {"DPoP", token, []string{claim("iat", now-60)}, nil},
		"a clock ahead":           {"DPoP", token, []string{claim("iat", now+20)}, nil},
		"as bearer":               {"Bearer", token, nil, bearer.ErrBound},
		"as bearer with a proof":  {"Bearer", token, []string{holder.Proof("GET", here, token, nil)}, bearer.ErrBound},
		"not bound":               {"DPoP", plain, []string{holder.Proof("GET", here, plain, nil)}, bearer.ErrUnbound},
		"bound in another way":    {"Bearer", otherwise, nil, bearer.ErrBound},
		"the same, with a proof":  {"DPoP", otherwise, []string{holder.Proof("GET", here, otherwise, nil)}, bearer.ErrBound},
		"no proof":                {"DPoP", token, nil, bearer.ErrProof},
		"two proofs":              {"DPoP", token, []string{holder.Proof("GET", here, token, nil), holder.Proof("GET", here, token, nil)}, bearer.ErrProof},
		"of a thief":              {"DPoP", token, []string{bearertest.NewHolder(t).Proof("GET", here, token, nil)}, bearer.ErrProof},
		"another token's":         {"DPoP", token, []string{holder.Proof("GET", here, other, nil)}, bearer.ErrProof},
		"no token's":              {"DPoP", token, []string{claim("ath", nil)}, bearer.ErrProof},
		"another method":          {"DPoP", token, []string{holder.Proof("POST", here, token, nil)}, bearer.ErrProof},
		"method in small letters": {"DPoP", token, []string{holder.Proof("get", here, token, nil)}, bearer.ErrProof},
		"another path":            {"DPoP", token, []string{holder.Proof("GET", here+"/", token, nil)}, bearer.ErrProof},
		"another host":            {"DPoP", token, []string{holder.Proof("GET", "https://billing.example/orders/7", token, nil)}, bearer.ErrProof},
		"another port":            {"DPoP", token, []string{holder.Proof("GET", "https://orders.example:8443/orders/7", token, nil)}, bearer.ErrProof},
		"another scheme":          {"DPoP", token, []string{holder.Proof("GET", "http://orders.example/orders/7", token, nil)}, bearer.ErrProof},
		"no host":                 {"DPoP", token, []string{holder.Proof("GET", "/orders/7", token, nil)}, bearer.ErrProof},
		"old":                     {"DPoP", token, []string{claim("iat", now-100)}, bearer.ErrProof},
		"of the future":           {"DPoP", token, []string{claim("iat", now+60)}, bearer.ErrProof},
		"no iat":                  {"DPoP", token, []string{claim("iat", nil)}, bearer.ErrProof},
		"no jti":                  {"DPoP", token, []string{claim("jti", nil)}, bearer.ErrProof},
		"empty jti":               {"DPoP", token, []string{claim("jti", "")}, bearer.ErrProof},
		"no htm":                  {"DPoP", token, []string{claim("htm", nil)}, bearer.ErrProof},
		"no htu":                  {"DPoP", token, []string{claim("htu", nil)}, bearer.ErrProof},
		"no JWT":                  {"DPoP", token, []string{"x"}, bearer.ErrProof},
		"an access token":         {"DPoP", token, []string{token}, bearer.ErrProof},
		"altered":                 {"DPoP", token, []string{alterLast(holder.Proof("GET", here, token, nil))}, bearer.ErrProof},
		"too long":                {"DPoP", token, []string{claim("x", strings.Repeat("x", 8<<10))}, bearer.ErrProof},
	} {
		t.Run(name, func(t *testing.T) {
			r := request("Authorization", tt.scheme+" "+tt.token)
			r.Header["Dpop"] = tt.proofs
			c, err := v.VerifyRequest(r, "orders")
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || (c == nil) != (err != nil) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
	r := request("Authorization", "DPoP "+token, "DPoP", twice)
	if _, err := v.VerifyRequest(r, "orders"); err != nil {
		t.Errorf("once: %v", err)
	}
	if _, err := v.VerifyRequest(r, "orders"); !errors.Is(err, bearer.ErrProof) {
		t.Errorf("twice: %v", err)
	}
	if _, err := v.Verify(t.Context(), token, "orders"); !errors.Is(err, bearer.ErrBound) {
		t.Errorf("without a request: %v", err)
	}
}

// TestProofHeader: a proof says that it is one, and carries a public key that fits its algorithm.
func TestProofHeader(t *testing.T) {
	m := newMint(t)
	v := m.verifier(t, bearer.Config{Log: quiet}, nil)
	var public map[string]any
	if err := json.Unmarshal([]byte(jwk(t, m)), &public); err != nil {
		t.Fatal(err)
	}
	sum, err := (&jose.JSONWebKey{Key: m.key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	private, err := m.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	token := m.sign(es256, m.body(`"cnf":{"jkt":"`+base64.RawURLEncoding.EncodeToString(sum)+`"}`))
	hash := sha256.Sum256([]byte(token))
	key := func(more map[string]any) string {
		all := maps.Clone(public)
		maps.Copy(all, more)
		text, _ := json.Marshal(all)
		return string(text)
	}
	for name, tt := range map[string]struct {
		header string
		want   error
	}{
		"granted":               {`{"typ":"dpop+jwt","alg":"ES256","jwk":` + key(nil) + `}`, nil},
		"no type":               {`{"alg":"ES256","jwk":` + key(nil) + `}`, bearer.ErrProof},
		"an access token's":     {`{"typ":"at+jwt","alg":"ES256","jwk":` + key(nil) + `}`, bearer.ErrProof},
		"no key":                {`{"typ":"dpop+jwt","alg":"ES256"}`, bearer.ErrProof},
		"key null":              {`{"typ":"dpop+jwt","alg":"ES256","jwk":null}`, bearer.ErrProof},
		"a private key":         {`{"typ":"dpop+jwt","alg":"ES256","jwk":` + key(map[string]any{"d": base64.RawURLEncoding.EncodeToString(private)}) + `}`, bearer.ErrProof},
		"private in capitals":   {`{"typ":"dpop+jwt","alg":"ES256","jwk":` + key(map[string]any{"D": "AA"}) + `}`, bearer.ErrProof},
		"a symmetric key":       {`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"oct","k":"AAAA"}}`, bearer.ErrProof},
		"no algorithm":          {`{"typ":"dpop+jwt","alg":"none","jwk":` + key(nil) + `}`, bearer.ErrProof},
		"HMAC":                  {`{"typ":"dpop+jwt","alg":"HS256","jwk":` + key(nil) + `}`, bearer.ErrProof},
		"another algorithm":     {`{"typ":"dpop+jwt","alg":"RS256","jwk":` + key(nil) + `}`, bearer.ErrProof},
		"for another algorithm": {`{"typ":"dpop+jwt","alg":"ES256","jwk":` + key(map[string]any{"alg": "ES384"}) + `}`, bearer.ErrProof},
		"another's key":         {`{"typ":"dpop+jwt","alg":"ES256","jwk":` + jwk(t, newMint(t)) + `}`, bearer.ErrProof},
	} {
		proof := m.sign(tt.header, fmt.Sprintf(`{"jti":%q,"htm":"GET","htu":%q,"iat":%d,"ath":%q}`, name, here, m.now, base64.RawURLEncoding.EncodeToString(hash[:])))
		_, err := v.VerifyRequest(request("Authorization", "DPoP "+token, "DPoP", proof), "orders")
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// alterLast changes a letter in the middle of the signature.
func alterLast(token string) string {
	at := len(token) - 20
	b := byte('A')
	if token[at] == b {
		b = 'B'
	}
	return token[:at] + string(b) + token[at+1:]
}

// TestProofIsUsedOnce: of many at the same time too, and for as long as it is good.
func TestProofIsUsedOnce(t *testing.T) {
	clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
		holder := bearertest.NewHolder(t)
		token := issuer.Token(holder.Bind(bearertest.Claims{"aud": "orders"}))
		other := holder.Proof("GET", here, token, nil)
		if _, err := v.VerifyRequest(request("Authorization", "DPoP "+token, "DPoP", other), "orders"); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Second)                    // so that the memory of the proofs before ends while the next is good
		ahead := time.Now().Add(29 * time.Second).Unix() // a clock that is ahead makes it good for longest
		proof := holder.Proof("GET", here, token, bearertest.Claims{"iat": ahead})
		var passed atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := v.VerifyRequest(request("Authorization", "DPoP "+token, "DPoP", proof), "orders"); err == nil {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		for range 300 {
			time.Sleep(time.Second)
			if _, err := v.VerifyRequest(request("Authorization", "DPoP "+token, "DPoP", proof), "orders"); err == nil {
				passed.Add(1)
			}
		}
		if passed.Load() != 1 {
			t.Errorf("it passed %d times", passed.Load())
		}
	})
}

// TestProofMemoryIsBounded: where it is full nobody passes, until what it holds is too old to be used again.
func TestProofMemoryIsBounded(t *testing.T) {
	clocked(t, bearer.Config{DPoP: bearer.DPoP{Remember: 20}}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
		holder := bearertest.NewHolder(t)
		token := issuer.Token(holder.Bind(day))
		send := func() error {
			_, err := v.VerifyRequest(request("Authorization", "DPoP "+token, "DPoP", holder.Proof("GET", here, token, nil)), "orders")
			return err
		}
		for i := range 12 {
			if err := send(); (err == nil) != (i < 10) || err != nil && !errors.Is(err, bearer.ErrUnavailable) {
				t.Errorf("%d: %v", i, err)
			}
		}
		time.Sleep(5 * time.Minute)
		if err := send(); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

// TestSharedProofMemory: processes that share a memory are asked and believed; one that fails lets nobody in.
func TestSharedProofMemory(t *testing.T) {
	issuer, holder := bearertest.NewIssuer(t), bearertest.NewHolder(t)
	var used sync.Map
	var broken bool
	seen := func(_ context.Context, proof string, until time.Time) (bool, error) {
		if broken {
			return false, errors.New("no connection")
		}
		if until.Before(time.Now().Add(time.Minute)) {
			t.Errorf("until %s", until)
		}
		_, was := used.LoadOrStore(proof, true)
		return was, nil
	}
	var replicas [2]*bearer.Verifier
	for i := range replicas {
		v, err := bearer.Config{Issuer: issuer.URL, Log: quiet, DPoP: bearer.DPoP{Seen: seen}}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		replicas[i] = v
	}
	token := issuer.Token(holder.Bind(bearertest.Claims{"aud": "orders"}))
	r := request("Authorization", "DPoP "+token, "DPoP", holder.Proof("GET", here, token, nil))
	for i, want := range []error{nil, bearer.ErrProof} {
		if _, err := replicas[i].VerifyRequest(r, "orders"); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("replica %d: %v, want %v", i, err, want)
		}
	}
	broken = true
	r = request("Authorization", "DPoP "+token, "DPoP", holder.Proof("GET", here, token, nil))
	if _, err := replicas[0].VerifyRequest(r, "orders"); !errors.Is(err, bearer.ErrUnavailable) {
		t.Errorf("broken: %v", err)
	}
}

// TestNonce: where the service wants that, a proof names what it said not long ago.
func TestNonce(t *testing.T) {
	issuer, holder := bearertest.NewIssuer(t), bearertest.NewHolder(t)
	synctest.Test(t, func(t *testing.T) {
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: issuer.Client(), Log: quiet, DPoP: bearer.DPoP{NonceKey: make([]byte, 32)}}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h := v.Require("orders")(hello)
		token := issuer.Token(holder.Bind(day))
		send := func(nonce any) *http.Response {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request("Authorization", "DPoP "+token, "DPoP", holder.Proof("GET", here, token, bearertest.Claims{"nonce": nonce})))
			return w.Result()
		}
		first := send(nil)
		nonce := first.Header.Get("DPoP-Nonce")
		if challenge := first.Header.Get("WWW-Authenticate"); first.StatusCode != 401 || nonce == "" || !strings.Contains(challenge, `DPoP algs=`) || !strings.Contains(challenge, `error="use_dpop_nonce"`) {
			t.Fatalf("%d %v", first.StatusCode, first.Header)
		}
		for range 5 {
			if a := send(nonce); a.StatusCode != 200 || a.Header.Get("DPoP-Nonce") == "" {
				t.Errorf("%d %v", a.StatusCode, a.Header)
			}
		}
		for name, wrong := range map[string]any{"wrong": "x", "empty": "", "and more": nonce + "A"} {
			if a := send(wrong); a.StatusCode != 401 {
				t.Errorf("%s: %d", name, a.StatusCode)
			}
		}
		time.Sleep(3 * time.Minute)
		if a := send(nonce); a.StatusCode != 401 {
			t.Errorf("old: %d", a.StatusCode)
		}
	})
}

// TestCertificate: a token that is bound to a TLS client certificate is for connections that began with it (RFC 8705 §3).
func TestCertificate(t *testing.T) {
	issuer, holder := bearertest.NewIssuer(t), bearertest.NewHolder(t)
	v, err := bearer.Config{Issuer: issuer.URL, Log: quiet}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mine, others := &x509.Certificate{Raw: []byte("mine")}, &x509.Certificate{Raw: []byte("another's")}
	sum := sha256.Sum256(mine.Raw)
	thumbprint := base64.RawURLEncoding.EncodeToString(sum[:])
	token := issuer.Token(bearertest.Claims{"aud": "orders", "cnf": map[string]any{"x5t#S256": thumbprint}})
	both := issuer.Token(bearertest.Claims{"aud": "orders", "cnf": map[string]any{"x5t#S256": thumbprint, "jkt": holder.Thumbprint}})
	for name, tt := range map[string]struct {
		token, scheme string
		tls           *tls.ConnectionState
		proof         bool
		want          error
	}{
		"granted":             {token, "Bearer", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{mine}}, false, nil},
		"another certificate": {token, "Bearer", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{others, mine}}, false, bearer.ErrBound},
		"no certificate":      {token, "Bearer", &tls.ConnectionState{}, false, bearer.ErrBound},
		"no TLS":              {token, "Bearer", nil, false, bearer.ErrBound},
		"both":                {both, "DPoP", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{mine}}, true, nil},
		"the key alone":       {both, "DPoP", nil, true, bearer.ErrBound},
		"certificate alone":   {both, "Bearer", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{mine}}, false, bearer.ErrBound},
	} {
		r := request("Authorization", tt.scheme+" "+tt.token)
		url := here
		if r.TLS = tt.tls; tt.tls == nil {
			url = strings.Replace(here, "https:", "http:", 1)
		}
		if tt.proof {
			r.Header.Set("DPoP", holder.Proof("GET", url, tt.token, nil))
		}
		if _, err := v.VerifyRequest(r, "orders"); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestRequestURL: a proof is for the URL that the client knows, whatever proxies and handlers make of it.
func TestRequestURL(t *testing.T) {
	issuer, holder := bearertest.NewIssuer(t), bearertest.NewHolder(t)
	token := issuer.Token(holder.Bind(bearertest.Claims{"aud": "orders"}))
	for name, tt := range map[string]struct {
		config bearer.Config
		proof  string
		status int
	}{
		"as it came":         {bearer.Config{}, here, 200},
		"of the resource":    {bearer.Config{Resource: bearer.Resource{URL: "https://api.example"}}, "https://api.example/orders/7", 200},
		"not as it came":     {bearer.Config{Resource: bearer.Resource{URL: "https://api.example"}}, here, 401},
		"as a proxy has it":  {bearer.Config{RequestURL: func(r *http.Request) string { return "https://api.example/v1" + r.URL.Path }}, "https://api.example/v1/7", 200},
		"not as a proxy has": {bearer.Config{RequestURL: func(r *http.Request) string { return "https://api.example/v1" + r.URL.Path }}, here, 401},
	} {
		tt.config.Issuer, tt.config.Log = issuer.URL, quiet
		v, err := tt.config.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h := http.StripPrefix("/orders", v.Require("orders")(hello))
		if a := call(h, request("Authorization", "DPoP "+token, "DPoP", holder.Proof("GET", tt.proof, token, nil))); a.Status != tt.status {
			t.Errorf("%s: %+v", name, a)
		}
	}
}
