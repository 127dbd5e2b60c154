package proof_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
)

// TestNonces: good is what was given out in this window, the one before and, by a clock that is ahead, the next.
func TestNonces(t *testing.T) {
	k := prooftest.New(t)
	nonces := proof.NewNonces(make([]byte, 32))
	others := proof.NewNonces([]byte("another key of thirty-two bytes."))
	at := func(windows int) string { return nonces.At(noon.Add(time.Duration(windows) * proof.Window)) }
	for name, tt := range map[string]struct {
		nonces proof.Nonces
		nonce  any
		good   bool
	}{
		"fresh": {nonces, at(0), true}, "of the last window": {nonces, at(-1), true}, "of a clock ahead": {nonces, at(1), true},
		"old": {nonces, at(-2), false}, "of the future": {nonces, at(2), false},
		"absent": {nonces, nil, false}, "empty": {nonces, "", false}, "wrong": {nonces, "x", false},
		"cut": {nonces, at(0)[1:], false}, "and more": {nonces, at(0) + "A", false}, "of another server": {nonces, others.At(noon), false},
		"of no key, where there is none": {proof.Nonces{}, proof.Nonces{}.At(noon), false},
	} {
		target := here
		target.Nonces = &tt.nonces
		_, err := proof.Check(k.Prove("POST", endpoint, noon, claims{"nonce": tt.nonce}), target)
		if good := err == nil; good != tt.good || !good && !errors.Is(err, proof.ErrNonce) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if last := noon.Add(proof.Window - time.Second); nonces.At(noon) != nonces.At(last) || nonces.At(noon) == at(1) {
		t.Error("a nonce does not stand for its window")
	}
}
