package proof_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

const endpoint = "https://id.example/auth/realms/shop/protocol/openid-connect/token"

var (
	noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	here = proof.Target{Method: "POST", URL: endpoint, Now: noon}
)

// told is what the caller and the event hear of an error.
func told(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *oauth.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no answer", err)
	}
	if e.Code != oauth.InvalidRequest || e.Status != 400 || e.Event != "invalid_dpop_proof" || e.Reason != e.Description {
		t.Errorf("%s %d, event %s %q", e.Code, e.Status, e.Event, e.Reason)
	}
	return e.Description
}

type claims = map[string]any

func TestCheckClaims(t *testing.T) {
	const missing, mismatch = "DPoP mandatory claims are missing", "DPoP HTTP URL mismatch"
	const malformed, inactive = "Malformed HTTP URL in DPoP proof", "DPoP proof is not active"
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	k := prooftest.New(t)
	for _, tt := range []struct {
		name   string
		claims claims
		want   string
	}{
		{"as it should be", nil, ""},
		{"others beside them", claims{"nonce": "n", "ath": "x", "foo": []int{1}}, ""},
		{"no htm", claims{"htm": nil}, missing}, {"no htu", claims{"htu": nil}, missing},
		{"no iat", claims{"iat": nil}, missing}, {"no jti", claims{"jti": nil}, missing},
		{"blank jti", claims{"jti": " "}, missing}, {"blank htm", claims{"htm": ""}, missing},
		{"htm of another kind", claims{"htm": []string{"POST"}}, missing},
		{"jti of another kind", claims{"jti": 7}, "DPoP header verification failure"},
		{"another method", claims{"htm": "GET"}, "DPoP HTTP method mismatch"},
		{"method in lower case", claims{"htm": "post"}, "DPoP HTTP method mismatch"},
		{"query", claims{"htu": endpoint + "?a=b"}, ""}, {"fragment", claims{"htu": endpoint + "#a"}, ""},
		{"slash at the end", claims{"htu": endpoint + "/"}, ""},
		{"host in upper case", claims{"htu": strings.Replace(endpoint, "id.example", "ID.Example", 1)}, ""},
		{"scheme in upper case", claims{"htu": strings.Replace(endpoint, "https", "HTTPS", 1)}, ""},
		{"port of the scheme", claims{"htu": strings.Replace(endpoint, "example", "example:443", 1)}, ""},
		{"another port", claims{"htu": strings.Replace(endpoint, "example", "example:8443", 1)}, mismatch},
		{"port of another scheme", claims{"htu": strings.Replace(endpoint, "example", "example:80", 1)}, mismatch},
		{"another scheme", claims{"htu": strings.Replace(endpoint, "https", "http", 1)}, mismatch},
		{"another host", claims{"htu": strings.Replace(endpoint, "id.", "id2.", 1)}, mismatch},
		{"a part of the path", claims{"htu": strings.TrimSuffix(endpoint, "token")}, mismatch},
		{"path in upper case", claims{"htu": strings.Replace(endpoint, "shop", "SHOP", 1)}, mismatch},
		{"dots in the path", claims{"htu": strings.Replace(endpoint, "shop", "x/../shop", 1)}, mismatch},
		{"somebody in the URL", claims{"htu": strings.Replace(endpoint, "id.example", "id.example@evil.example", 1)}, malformed},
		{"no URL", claims{"htu": "not a url"}, malformed}, {"a path", claims{"htu": "/token"}, malformed},
		{"not of the web", claims{"htu": "urn:x"}, malformed}, {"broken", claims{"htu": "https://%"}, malformed},
		{"25 s old", claims{"iat": at(-25 * time.Second)}, ""}, {"26 s old", claims{"iat": at(-26 * time.Second)}, inactive},
		{"15 s ahead", claims{"iat": at(15 * time.Second)}, ""}, {"16 s ahead", claims{"iat": at(16 * time.Second)}, inactive},
		{"far away", claims{"iat": int64(1) << 52}, inactive},
	} {
		p, err := proof.Check(k.Prove("POST", endpoint, noon, tt.claims), here)
		if got := told(t, err); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if err == nil && p.Key != k.Thumbprint() {
			t.Errorf("%s: by %s", tt.name, p.Key)
		}
	}
}

func TestCheckKeys(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	large, _ := rsa.GenerateKey(rand.Reader, 2048)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	for _, tt := range []struct {
		alg  jose.SignatureAlgorithm
		key  any
		want string
	}{
		{jose.RS256, large, ""}, {jose.PS512, large, ""}, {jose.ES384, p384, ""}, {jose.EdDSA, edwards, ""},
		{jose.RS256, small, "No public key in DPoP header"},
	} {
		_, err := proof.Check(prooftest.Of(t, tt.alg, tt.key).Prove("POST", endpoint, noon, nil), here)
		if got := told(t, err); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.alg, got, tt.want)
		}
	}
}

// withHeader is a proof whose header was changed after it was signed.
func withHeader(t testing.TB, compact string, change func(h map[string]any)) string {
	t.Helper()
	head, rest, _ := strings.Cut(compact, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h map[string]any
	if err := json.Unmarshal(text, &h); err != nil {
		t.Fatal(err)
	}
	change(h)
	if text, err = json.Marshal(h); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text) + "." + rest
}

func TestCheckHeader(t *testing.T) {
	const rubbish, private = "DPoP header verification failure", "Private key material must not be present in DPoP JWK"
	const signature = "DPoP verification failure: org.keycloak.exceptions.TokenSignatureInvalidException: Invalid token signature"
	good, other := prooftest.New(t).Prove("POST", endpoint, noon, nil), prooftest.New(t).Prove("POST", endpoint, noon, nil)
	set := func(name string, value any) string {
		return withHeader(t, good, func(h map[string]any) { h[name] = value })
	}
	inKey := func(name string, value any) string {
		return withHeader(t, good, func(h map[string]any) { h["jwk"].(map[string]any)[name] = value })
	}
	var othersKey any
	withHeader(t, other, func(h map[string]any) { othersKey = h["jwk"] })
	for name, tt := range map[string]struct{ compact, want string }{
		"empty": {"", "DPoP proof is missing"}, "blank": {"  ", "DPoP proof is missing"},
		"rubbish": {"rubbish", rubbish}, "two parts": {"a.b", rubbish}, "too long": {strings.Repeat("a", 9000), rubbish},
		"another type":               {set("typ", "JWT"), "Invalid or missing type in DPoP header: JWT"},
		"no type":                    {set("typ", nil), "Invalid or missing type in DPoP header: null"},
		"a long type":                {set("typ", strings.Repeat("x", 100)), "Invalid or missing type in DPoP header: ?"},
		"odd type":                   {set("typ", "a\nb"), "Invalid or missing type in DPoP header: ?"},
		"HS256":                      {set("alg", "HS256"), "Unsupported DPoP algorithm: HS256"},
		"none":                       {set("alg", "none"), "Unsupported DPoP algorithm: none"},
		"of another key's algorithm": {set("alg", "ES384"), "No public key in DPoP header"},
		"no key":                     {set("jwk", nil), "No JWK in DPoP header"},
		"a key that is none":         {set("jwk", "x"), "No public key in DPoP header"},
		"a symmetric key":            {set("jwk", map[string]string{"kty": "oct", "k": "c2VjcmV0"}), private},
		"a private key":              {inKey("d", "x"), private},
		"a private key, spelled so":  {inKey("D", "x"), private},
		"a point beside the curve":   {inKey("x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), "No public key in DPoP header"},
		"a key to encrypt with":      {inKey("use", "enc"), "No public key in DPoP header"},
		"the key of somebody else":   {set("jwk", othersKey), signature},
		"critical":                   {set("crit", []string{"x"}), rubbish},
		"another signature":          {good[:strings.LastIndexByte(good, '.')] + other[strings.LastIndexByte(other, '.'):], signature},
		"two signatures":             {good + "." + good, rubbish},
	} {
		if _, err := proof.Check(tt.compact, here); told(t, err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestMatch(t *testing.T) {
	const missing, other = "DPoP proof is missing", "DPoP confirmation doesn't match DPoP proof"
	const certificate = "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"
	key, tls := proof.Proved{Key: "k"}, proof.Proved{Certificate: "c"}
	both := &token.Confirmation{JKT: "k", Certificate: "c"}
	for name, tt := range map[string]struct {
		c      *token.Confirmation
		proved proof.Proved
		want   string
	}{
		"not bound":                      {nil, proof.Proved{}, ""},
		"not bound, with proof":          {nil, key, ""},
		"key":                            {&token.Confirmation{JKT: "k"}, key, ""},
		"key, by another":                {&token.Confirmation{JKT: "k"}, proof.Proved{Key: "other"}, other},
		"key, by a longer one":           {&token.Confirmation{JKT: "k"}, proof.Proved{Key: "kk"}, other},
		"key, not proved":                {&token.Confirmation{JKT: "k"}, proof.Proved{}, missing},
		"key, by a certificate":          {&token.Confirmation{JKT: "k"}, proof.Proved{Certificate: "k"}, missing},
		"certificate":                    {&token.Confirmation{Certificate: "c"}, tls, ""},
		"certificate, by another":        {&token.Confirmation{Certificate: "c"}, proof.Proved{Certificate: "d"}, certificate},
		"certificate, not shown":         {&token.Confirmation{Certificate: "c"}, proof.Proved{}, certificate},
		"certificate, by a key":          {&token.Confirmation{Certificate: "c"}, proof.Proved{Key: "c"}, certificate},
		"both":                           {both, proof.Proved{Key: "k", Certificate: "c"}, ""},
		"both, by the key":               {both, key, certificate},
		"both, by the certificate":       {both, tls, missing},
		"both, by another key":           {both, proof.Proved{Key: "x", Certificate: "c"}, other},
		"something":                      {&token.Confirmation{}, proof.Proved{}, missing},
		"something, with all there is":   {&token.Confirmation{}, proof.Proved{Key: "k", Certificate: "c"}, missing},
		"something, by its type of keys": {&token.Confirmation{JKTType: "DPoP"}, key, missing},
	} {
		got := ""
		if e, ok := errors.AsType[*oauth.Error](proof.Match(tt.c, tt.proved)); ok {
			got = e.Description
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestThumbprint(t *testing.T) {
	c := &x509.Certificate{Raw: []byte("der"), NotBefore: noon, NotAfter: noon.Add(time.Hour)}
	const want = "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo"
	for name, tt := range map[string]struct {
		c    *x509.Certificate
		at   time.Duration
		want string
	}{
		"good": {c, time.Minute, want}, "first": {c, 0, want}, "last": {c, time.Hour, want},
		"too early": {c, -time.Second, ""}, "too late": {c, time.Hour + time.Second, ""}, "none": {nil, 0, ""},
	} {
		if got := proof.Thumbprint(tt.c, noon.Add(tt.at)); got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWith(t *testing.T) {
	k := prooftest.New(t)
	for name, tt := range map[string]struct {
		claims claims
		want   string
	}{
		"the token":     {prooftest.With("token"), ""},
		"another token": {prooftest.With("other"), "DPoP proof access token hash mismatch"},
		"none":          {nil, "No access token hash in DPoP proof"},
	} {
		p, err := proof.Check(k.Prove("POST", endpoint, noon, tt.claims), here)
		if err != nil {
			t.Fatal(err)
		}
		if got := told(t, p.With("token")); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestUse: a proof is remembered until it is too old, whatever it is signed like, and nobody can use up another's.
func TestUse(t *testing.T) {
	one, two := prooftest.New(t), prooftest.New(t)
	check := func(k *prooftest.Key, jti string) *proof.Proof {
		p, err := proof.Check(k.Prove("POST", endpoint, noon, claims{"jti": jti}), here)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := check(one, "a")
	if diff := cmp.Diff(first, check(one, "a")); diff != "" {
		t.Errorf("signed again (-first +again):\n%s", diff)
	}
	if first.Use() == check(one, "b").Use() || first.Use() == check(two, "a").Use() {
		t.Error("two proofs have one name")
	}
	if last := noon.Add(proof.Life + proof.Skew); !first.Until.After(last) {
		t.Errorf("remembered until %s, good until %s", first.Until, last)
	}
	if long := check(one, strings.Repeat("a", 1000)); len(long.Use()) != len(first.Use()) {
		t.Errorf("%d letters to remember", len(long.Use()))
	}
}

func FuzzCheck(f *testing.F) {
	k := prooftest.New(f)
	good := k.Prove("POST", endpoint, noon, nil)
	for _, seed := range []string{"", "a.b.c", good, k.Prove("POST", endpoint, noon, claims{"htu": "https://%"}),
		withHeader(f, good, func(h map[string]any) { h["jwk"] = map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"} }),
		withHeader(f, good, func(h map[string]any) { h["jwk"] = []any{nil} })} {
		f.Add(seed, endpoint)
	}
	f.Fuzz(func(t *testing.T, compact, url string) {
		p, err := proof.Check(compact, proof.Target{Method: "POST", URL: url, Now: noon})
		if (p == nil) != (err != nil) {
			t.Fatalf("%v and %v", p, err)
		}
		plain(t, err)
		if p != nil && len(p.Key) != 43 {
			t.Fatalf("key %q", p.Key)
		}
	})
}

// plain asks that whatever is told can be seen, and is short.
func plain(t *testing.T, err error) {
	t.Helper()
	if text := told(t, err); len(text) > 200 || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		t.Fatalf("told %q", text)
	}
}
