package keyring

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"sync"
)

// macPair signs by HMAC (RFC 7518 §3.2). States are kept because hashing the secret into a new one
// costs as much as a short token.
type macPair struct{ states sync.Pool }

func newMAC(a algorithm, secret []byte) pair {
	return &macPair{sync.Pool{New: func() any { return hmac.New(a.hash.New, secret) }}}
}

func (p *macPair) sign(dst, message []byte) ([]byte, error) {
	state := p.states.Get().(hash.Hash)
	defer p.states.Put(state)
	state.Reset()
	state.Write(message)
	return state.Sum(dst), nil
}

func (p *macPair) verify(message, signature []byte) bool {
	var sum [64]byte
	want, _ := p.sign(sum[:0], message)
	return hmac.Equal(want, signature)
}

// digest appends the hash of a message to dst.
func digest(h crypto.Hash, dst, message []byte) []byte {
	switch h {
	case crypto.SHA256:
		sum := sha256.Sum256(message)
		return append(dst, sum[:]...)
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		return append(dst, sum[:]...)
	}
	sum := sha512.Sum512(message)
	return append(dst, sum[:]...)
}
