package keyring_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

func BenchmarkSign(b *testing.B) {
	k, r := keyring.New(nil, nil), full()
	for _, alg := range []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS512"} {
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustSign(b, k, r, alg)
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	k, r := keyring.New(nil, nil), full()
	for _, alg := range []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS512"} {
		compact := mustSign(b, k, r, alg)
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Verify(r, compact); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNewVersion is what a change of the realm costs the next signature.
func BenchmarkNewVersion(b *testing.B) {
	k := keyring.New(nil, nil)
	a, c := full(), full()
	b.ReportAllocs()
	for b.Loop() {
		k.Public(a)
		k.Public(c)
	}
}
