//go:build !(libcrypto && linux)

package keyring

import "testing"

func TestSigner(t *testing.T) {
	if got := Signer(); got != "Go's crypto/rsa" {
		t.Errorf("signer is %q", got)
	}
}
