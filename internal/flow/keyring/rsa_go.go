//go:build !(libcrypto && linux)

package keyring

import "crypto/rsa"

// Signer names what makes RSA signatures.
func Signer() string { return "Go's crypto/rsa" }

func newRSAPrivate(private *rsa.PrivateKey, _ []byte) rsaPrivate { return goRSA{private} }
