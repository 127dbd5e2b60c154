package verify_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// BenchmarkAccessToken is the cost of a token that was seen before, and of one that was not, without
// that of the store.
func BenchmarkAccessToken(b *testing.B) {
	w := newWorld(b)
	compact, at := w.sign(w.claims("onrtro")), w.at()
	b.Run("seen", func(b *testing.B) {
		v := w.verifier()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.AccessToken(b.Context(), at, compact); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unseen", func(b *testing.B) {
		v := w.verifier()
		b.ReportAllocs()
		for b.Loop() {
			at.Realm = w.realm
			at.Realm.Version++ // what was seen in another version counts as unseen
			if _, err := v.AccessToken(b.Context(), at, compact); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkClient is the cost of a client with a secret in the header.
func BenchmarkClient(b *testing.B) {
	w := newWorld(b)
	v, at, creds := w.verifier(), w.at(), verify.Credentials{Authorization: basic("robot", "robot-secret")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Client(b.Context(), at, creds); err != nil {
			b.Fatal(err)
		}
	}
}
