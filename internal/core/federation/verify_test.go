package federation_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
)

// pair are the keys of the tests, made once.
var pair = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"rsa": r, "other": other, "ec": e, "ed": ed}
})

// sign makes a token of claims; kid may be empty.
func sign(t testing.TB, alg string, key any, kid string, claims map[string]any) string {
	t.Helper()
	header := map[string]any{}
	if kid != "" {
		header["kid"] = kid
	}
	return tokentest.Sign(t, alg, key, header, claims)
}

func public(name string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: pair()[name].Public(), KeyID: name}
}

// TestAttackSignature is T06: the key says which algorithms it may be used with, never the token.
func TestAttackSignature(t *testing.T) {
	claims := map[string]any{"sub": "una"}
	b64 := base64.RawURLEncoding
	unsigned := b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + b64.EncodeToString([]byte(`{"sub":"una"}`)) + "."
	der, err := x509.MarshalPKIXPublicKey(pair()["rsa"].Public())
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := sign(t, "RS256", pair()["rsa"], "rsa", claims)
	forEncryption, forPS := public("rsa"), public("rsa")
	forEncryption.Use, forPS.Algorithm = "enc", "PS256"
	var many []jose.JSONWebKey
	for range 12 {
		many = append(many, jose.JSONWebKey{Key: pair()["other"].Public()})
	}
	for _, tt := range []struct {
		name, compact string
		keys          []jose.JSONWebKey
		ok            bool
	}{
		{"RSA", good, []jose.JSONWebKey{public("ec"), public("rsa")}, true},
		{"RSA-PSS", sign(t, "PS256", pair()["rsa"], "rsa", claims), []jose.JSONWebKey{public("rsa")}, true},
		{"EC", sign(t, "ES256", pair()["ec"], "ec", claims), []jose.JSONWebKey{public("ec")}, true},
		{"Ed25519", sign(t, "EdDSA", pair()["ed"], "ed", claims), []jose.JSONWebKey{public("ed")}, true},
		{"no kid in the token", sign(t, "RS256", pair()["rsa"], "", claims), []jose.JSONWebKey{public("other"), public("rsa")}, true},
		{"no kid of the key", good, []jose.JSONWebKey{{Key: pair()["rsa"].Public()}}, true},
		{"T06/another key by the same name", sign(t, "RS256", pair()["other"], "rsa", claims), []jose.JSONWebKey{public("rsa")}, false},
		{"T06/a key that is not the provider's", good, []jose.JSONWebKey{public("other")}, false},
		{"T06/unsigned", unsigned, []jose.JSONWebKey{public("rsa")}, false},
		{"T06/MAC by the public key", sign(t, "HS256", text, "rsa", claims), []jose.JSONWebKey{public("rsa"), {Key: text, KeyID: "rsa"}}, false},
		{"T06/a key for encryption", good, []jose.JSONWebKey{forEncryption}, false},
		{"T06/a key for another algorithm", good, []jose.JSONWebKey{forPS}, false},
		{"T06/a private key", good, []jose.JSONWebKey{{Key: pair()["rsa"]}}, false},
		{"T06/the payload changed", good[:strings.IndexByte(good, '.')] + "." + b64.EncodeToString([]byte(`{"sub":"eve"}`)) + good[strings.LastIndexByte(good, '.'):], []jose.JSONWebKey{public("rsa")}, false},
		{"more keys than are tried", sign(t, "RS256", pair()["rsa"], "", claims), append(many, public("rsa")), false},
		{"no keys", good, nil, false},
		{"no token", "not a token", []jose.JSONWebKey{public("rsa")}, false},
	} {
		f, err := federation.Verify(tt.compact, tt.keys)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, federation.ErrSignature) || tt.ok && f.Subject != "una" {
			t.Errorf("%s: %+v, %v", tt.name, f, err)
		}
	}
	if f, err := federation.ReadUnverified(good); err != nil || f.Subject != "una" || federation.KeyID(good) != "rsa" {
		t.Errorf("ReadUnverified = %+v, %v", f, err)
	}
}

func TestStaticKeys(t *testing.T) {
	der, err := x509.MarshalPKIXPublicKey(pair()["rsa"].Public())
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("rsa"), {Key: pair()["rsa"], KeyID: "private"}, {Key: []byte("secret"), KeyID: "mac"}}})
	if err != nil {
		t.Fatal(err)
	}
	compact := sign(t, "RS256", pair()["rsa"], "rsa", map[string]any{"sub": "una"})
	for name, text := range map[string]string{"PEM": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "base64": base64.StdEncoding.EncodeToString(der), "JWKS": string(set)} {
		keys, err := provider(t, "oidc", "publicKeySignatureVerifier="+text).Keys()
		if err != nil || len(keys) != 1 {
			t.Fatalf("%s: %v, %v", name, keys, err)
		}
		if _, err := federation.Verify(compact, keys); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	keys, err := provider(t, "oidc", "publicKeySignatureVerifier="+base64.StdEncoding.EncodeToString(der), "publicKeySignatureVerifierKeyId=of last year").Keys()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := federation.Verify(compact, keys); err == nil {
		t.Error("a key is used for tokens of another")
	}
	for _, text := range []string{"", "!", "AAAA", "{"} {
		if keys, err := provider(t, "oidc", "publicKeySignatureVerifier="+text).Keys(); err == nil {
			t.Errorf("%q is the key %v", text, keys)
		}
	}
}

func TestCheckIDToken(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	const tenant = "9d2c0b1e-0000-4000-8000-00000000abcd"
	for _, tt := range []struct {
		name     string
		settings []string
		change   map[string]any // nil: taken away
		want     string         // of the error; empty: good
	}{
		{"good", nil, nil, ""},
		{"of several parties, issued to us", nil, map[string]any{"aud": []string{"web", "api"}, "azp": "web"}, ""},
		{"a fraction of a second", nil, map[string]any{"exp": float64(at(time.Minute)) + 0.5}, ""},
		{"within the leeway", nil, map[string]any{"exp": at(-9 * time.Second), "iat": at(9 * time.Second), "nbf": at(9 * time.Second)}, ""},
		{"no nonce where none is used", []string{"disableNonce=true"}, map[string]any{"nonce": nil}, ""},
		{"one of several issuers", []string{"issuer=https://old.example, https://up.example"}, nil, ""},
		{"any issuer", []string{"issuer="}, map[string]any{"iss": "https://who.example"}, ""},
		{"skew", []string{"allowedClockSkew=120"}, map[string]any{"exp": at(-time.Minute)}, ""},
		{"of a tenant", []string{"issuer=https://ms.example/{tenantid}/v2.0"}, map[string]any{"iss": "https://ms.example/" + tenant + "/v2.0", "tid": tenant}, ""},

		{"for somebody else", nil, map[string]any{"aud": "api"}, "not for client"},
		{"T22/for nobody", nil, map[string]any{"aud": nil}, "not for client"},
		{"for what is no name", nil, map[string]any{"aud": map[string]any{"web": true}}, "aud is neither"},
		{"issued to somebody else", nil, map[string]any{"aud": []string{"web", "api"}, "azp": "api"}, `issued to client "api"`},
		{"of several parties", nil, map[string]any{"aud": []string{"web", "api"}}, "several parties"},
		{"another issuer", nil, map[string]any{"iss": "https://up.example.evil"}, "issuer"},
		{"no issuer", nil, map[string]any{"iss": nil}, "issuer"},
		{"another tenant", []string{"issuer=https://ms.example/{tenantid}/v2.0"}, map[string]any{"iss": "https://ms.example/evil/v2.0", "tid": tenant}, "issuer"},
		{"no tenant", []string{"issuer=https://ms.example/{tenantid}/v2.0"}, map[string]any{"iss": "https://ms.example//v2.0", "tid": ""}, "issuer"},
		{"a tenant that is none", []string{"issuer=https://ms.example/{tenantid}/v2.0"}, map[string]any{"iss": "https://ms.example/../v2.0", "tid": ".."}, "issuer"},
		{"expired", nil, map[string]any{"exp": at(-10 * time.Second)}, "expired"},
		{"T23/without end", nil, map[string]any{"exp": nil}, "when it expires"},
		{"an end that is no time", nil, map[string]any{"exp": "tomorrow"}, "exp is no time"},
		{"an end before time", nil, map[string]any{"exp": -1}, "exp is no time"},
		{"an end beyond time", nil, map[string]any{"exp": 1e300}, "exp is no time"},
		{"T23/issued in the future", nil, map[string]any{"iat": at(time.Minute)}, "in the future"},
		{"not good yet", nil, map[string]any{"nbf": at(time.Minute)}, "not good yet"},
		{"skew has an end", []string{"allowedClockSkew=9999999"}, map[string]any{"exp": at(-2 * time.Hour)}, "expired"},
		{"about nobody", nil, map[string]any{"sub": nil}, "about nobody"},
		{"about what is no name", nil, map[string]any{"sub": 7}, "sub is no string"},
		{"another nonce", nil, map[string]any{"nonce": "m"}, "not issued for this request"},
		{"no nonce", nil, map[string]any{"nonce": nil}, "not issued for this request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			claims := map[string]any{"iss": "https://up.example", "aud": "web", "sub": "una", "nonce": "n", "exp": at(time.Minute), "iat": at(-time.Second)}
			for name, value := range tt.change {
				if claims[name] = value; value == nil {
					delete(claims, name)
				}
			}
			f, err := federation.Verify(sign(t, "ES256", pair()["ec"], "ec", claims), []jose.JSONWebKey{public("ec")})
			if err == nil {
				err = provider(t, "oidc", tt.settings...).CheckIDToken(f, "n", now)
			}
			if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, federation.ErrClaims) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A request whose nonce was lost takes no token, not even one without.
func TestCheckIDTokenNeedsANonce(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	f := federation.Foreign{Issuer: "https://up.example", Audience: []string{"web"}, Subject: "una", Expires: now.Unix() + 60}
	if err := provider(t, "oidc").CheckIDToken(f, "", now); !errors.Is(err, federation.ErrClaims) {
		t.Errorf("a token for no request is taken: %v", err)
	}
}
