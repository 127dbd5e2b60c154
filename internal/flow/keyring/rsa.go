package keyring

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
)

// rsaPair signs by RSASSA-PKCS1-v1_5 or RSASSA-PSS (RFC 7518 §3.3, §3.5).
type rsaPair struct {
	algorithm
	public  *rsa.PublicKey
	private rsaPrivate
}

// rsaPrivate makes RSA signatures: Go's package rsa, or OpenSSL where it is built in and found.
type rsaPrivate interface {
	// signDigest appends the signature of a message's digest to dst.
	signDigest(dst, digest []byte, a algorithm) ([]byte, error)
}

// newRSA takes the key also as PKCS #8 DER, which is what OpenSSL reads.
func newRSA(a algorithm, private *rsa.PrivateKey, der []byte) pair {
	return &rsaPair{a, &private.PublicKey, newRSAPrivate(private, der)}
}

func (p *rsaPair) sign(dst, message []byte) ([]byte, error) {
	var sum [64]byte
	return p.private.signDigest(dst, digest(p.hash, sum[:0], message), p.algorithm)
}

func (p *rsaPair) verify(message, signature []byte) bool {
	var sum [64]byte
	d := digest(p.hash, sum[:0], message)
	if p.pss {
		return rsa.VerifyPSS(p.public, p.hash, d, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return rsa.VerifyPKCS1v15(p.public, p.hash, d, signature) == nil
}

// goRSA signs by Go's package rsa.
type goRSA struct{ *rsa.PrivateKey }

func (k goRSA) signDigest(dst, digest []byte, a algorithm) ([]byte, error) {
	var opts crypto.SignerOpts = a.hash
	if a.pss {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
	}
	signature, err := k.Sign(rand.Reader, digest, opts)
	return append(dst, signature...), err
}
