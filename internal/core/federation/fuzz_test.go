package federation_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// fuzzKey signs what fuzz tests hand in: it is the same in each of their processes, and its signatures have one spelling.
var fuzzKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// FuzzVerify looks for a token that is believed though the provider did not sign it.
func FuzzVerify(f *testing.F) {
	keys := []jose.JSONWebKey{{Key: fuzzKey.Public(), KeyID: "k"}}
	stranger := ed25519.NewKeyFromSeed([]byte("a stranger's seed of 32 octets.."))
	good := sign(f, "EdDSA", fuzzKey, "k", map[string]any{"sub": "una"})
	for _, seed := range []string{good, sign(f, "EdDSA", stranger, "k", map[string]any{"sub": "una"}), good[:strings.LastIndexByte(good, '.')+1], "a.b.c", ".."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, compact string) {
		if _, err := federation.Verify(compact, keys); err == nil && compact != good {
			t.Errorf("believed: %q", compact)
		}
	})
}

// FuzzClaims gives the rules any claims: what they let through says by whom, of whom, for whom and until when (T22, T23).
func FuzzClaims(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	const here = "https://id.example/realms/shop"
	s := provider(f, "keycloak-oidc")
	trust := federation.Trust{Exchange: true, Clients: []string{"partner"}}
	voucher, asked, err := federation.ReadVoucher(&realm.Provider{Alias: "up", Kind: "oidc", Enabled: true, Config: config("supportsClientAssertions=true",
		"issuer=https://up.example", "useJwksUrl=true", "jwksUrl=https://up.example/keys")})
	if err != nil || !asked {
		f.Fatal(asked, err)
	}
	client := &realm.Client{ID: "una", AuthSubject: "una"}
	f.Fuzz(func(t *testing.T, claims []byte) {
		b64 := base64.RawURLEncoding
		said, err := federation.ReadUnverified(b64.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + b64.EncodeToString(claims) + ".")
		if err != nil {
			return
		}
		good := func(what string) {
			if said.Issuer != "https://up.example" || said.Subject == "" || said.Expires == 0 || said.Expires < now.Unix()-60 || said.IssuedAt > now.Unix()+60 {
				t.Errorf("%s: %+v", what, said)
			}
		}
		if s.CheckSubject(said, trust, here, now) == nil {
			good("a subject")
			if !slices.Contains(said.Audience, here) && !slices.Contains(said.Audience, "web") && said.Client != "partner" {
				t.Errorf("a subject for %q, issued to %q", said.Audience, said.Client)
			}
		}
		if s.CheckIDToken(said, "n", now) == nil {
			good("an ID token")
		}
		if _, err := voucher.CheckAssertion(said, client, here, now); err == nil {
			good("an assertion of a client")
			if said.ID == "" || !slices.Equal(said.Audience, []string{here}) {
				t.Errorf("an assertion of a client: %+v", said)
			}
		}
		verified, err := said.Verified()
		if err != nil {
			return
		}
		if verified.Path != nil {
			t.Errorf("another issuer says what exchanges there were: %v", verified.Path)
		}
		bonds, err := said.Bonds()
		if err != nil || (bonds.Actor == nil) != (verified.Actor == nil) || (bonds.MayAct == nil) != (verified.MayAct == nil) ||
			(bonds.Confirmation == nil) != (verified.Confirmation == nil) {
			t.Errorf("bonds %+v (%v) of a token that says %+v", bonds, err, verified.Claims)
		}
	})
}

// FuzzReadKeySet: whatever a provider publishes, nothing but public keys comes of it, and none for a MAC.
func FuzzReadKeySet(f *testing.F) {
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: fuzzKey.Public(), KeyID: "k", Use: "sig"},
		{Key: fuzzKey, KeyID: "private"}, {Key: []byte("secret"), KeyID: "mac"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set)
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"},null,{"kty":"RSA","n":"","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA","use":"jwt-svid"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0_IzW7yWR7QkrmBL7jTKEn5u-qKhbwKfBstIs-bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyehkd3qqGElvW_VDL5AaWTg0nLVkjRo9z-40RQzuVaE8AkAFmxZzow3x-VJYKdjykkJ0iT9wCS0DRTXu269V264Vf_3jvredZiKRkgwlL9xNAwxXFg0x_XFw005UWVRIkdgcKWTjpBP2dPwVZ4WWC-9aGVd-Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbcmw","e":"AQAB","alg":"RS256"}]}`))
	f.Add([]byte(`{"keys":{}}`))
	token := sign(f, "EdDSA", ed25519.NewKeyFromSeed([]byte("a stranger's seed of 32 octets..")), "", map[string]any{"sub": "una"})
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := federation.ReadKeySet(body)
		if err != nil {
			return
		}
		for _, k := range keys {
			if !k.IsPublic() || federation.Fits(k, "HS256") || federation.Fits(k, "none") {
				t.Errorf("key %+v", k)
			}
		}
		if len(keys) < 20 { // the rest of them is not tried
			_, _ = federation.Verify(token, keys)
		}
		if bundle, err := federation.ReadBundle(body); err != nil || len(bundle) > len(keys) {
			t.Errorf("%d keys in a bundle, %d in all: %v", len(bundle), len(keys), err)
		}
	})
}

// FuzzReadTokens gives the reader of a provider's answer anything: it has an access token, or is an error.
func FuzzReadTokens(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := federation.ReadTokens(body)
		if (err == nil) != (got.AccessToken != "") || got.ExpiresIn < 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// FuzzReadVoucher reads any settings: a provider that may prove clients has an issuer or a domain of its own, without
// wildcards, and keys.
func FuzzReadVoucher(f *testing.F) {
	f.Fuzz(func(t *testing.T, kind, issuer, keysAt, key, claims string) {
		p := &realm.Provider{Alias: "up", Kind: kind, Enabled: true, Config: map[string]string{"supportsClientAssertions": "true", "issuer": issuer, "trustDomain": issuer,
			"bundleEndpoint": keysAt, "jwksUrl": keysAt, "useJwksUrl": "true", "publicKeySignatureVerifier": key, "tokenhouse.assertion.claims": claims}}
		v, asked, err := federation.ReadVoucher(p)
		if err != nil || !asked {
			return
		}
		_, _ = v.Keys()
		switch {
		case v.Speaks("", "anybody"), v.Speaks("", ""):
			t.Errorf("%+v speaks for everybody", v)
		case v.JWKSURL == "" && v.Key == "":
			t.Errorf("%+v has no keys", v)
		case slices.ContainsFunc(v.Claims, func(c federation.Condition) bool {
			return c.Claim == "" || len(c.Values) == 0 || slices.Contains(c.Values, "")
		}):
			t.Errorf("conditions %+v", v.Claims)
		}
	})
}
