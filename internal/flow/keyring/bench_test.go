package keyring_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
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
	before := usual()
	versions := [2]*realm.Realm{before, before.With(2, nil)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k.Public(versions[i%2])
	}
}

// BenchmarkFirstUse is what it costs to read the keys of a realm that was not in use.
func BenchmarkFirstUse(b *testing.B) {
	r := usual()
	b.ReportAllocs()
	for b.Loop() {
		keyring.New(nil, nil).Public(r)
	}
}

// usual is a realm with the keys that every realm has.
func usual() *realm.Realm {
	return realmWith(provider("RS256"), provider("RSA-OAEP"), provider("HS512"), provider("AES"))
}
