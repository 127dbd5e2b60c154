package bearer_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// BenchmarkVerify: a token that was seen before, and one that was not, by the algorithm of its key.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := bearertest.NewIssuer(b)
		issuer.Rotate(alg)
		token := issuer.Token(bearertest.Claims{"aud": []string{"gateway", "orders"}, "scope": "openid orders:read", "exp": 1 << 33,
			"realm_access": map[string]any{"roles": []string{"customer"}}, "resource_access": map[string]any{"orders": map[string]any{"roles": []string{"read", "write"}}}})
		for name, remember := range map[string]int{"seen": 0, "unseen": -1} {
			v, err := bearer.Config{Issuer: issuer.URL, Remember: remember}.NewVerifier(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.Run(alg+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.Verify(b.Context(), token, "orders", "orders:read"); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkProof: a request with a token that was seen before, and a new proof.
func BenchmarkProof(b *testing.B) {
	issuer, holder := bearertest.NewIssuer(b), bearertest.NewHolder(b)
	v, err := bearer.Config{Issuer: issuer.URL, DPoP: bearer.DPoP{Remember: 1 << 30}}.NewVerifier(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	token := issuer.Token(holder.Bind(day))
	r := request("Authorization", "DPoP "+token)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		r.Header.Set("DPoP", holder.Proof("GET", here, token, nil))
		b.StartTimer()
		if _, err := v.VerifyRequest(r, "orders"); err != nil {
			b.Fatal(err)
		}
	}
}
