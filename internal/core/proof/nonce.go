package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Window is how long the server gives out the same nonce.
const Window = time.Minute

// ErrNonce refuses a proof that names no nonce, or one that is not good now (RFC 9449 §8).
var ErrNonce = oauth.Errorf(oauth.UseDPoPNonce, "Authorization server requires nonce in DPoP proof").
	InEvent("invalid_dpop_proof", "nonce missing or not good now")

// Nonces are values of the server's for proofs to name: who names one has heard from the server not long ago, so that the
// proof was not made far in advance (RFC 9449 §11.2). They are not secret, the same for everybody, and nothing is kept of
// them: who has the key knows those of any time. Of the zero value none is good.
type Nonces struct{ key []byte }

// NewNonces makes nonces by a key of 32 bytes, which all nodes have and nobody else.
func NewNonces(key []byte) Nonces { return Nonces{key} }

// At is the nonce to give out at a time.
func (n Nonces) At(now time.Time) string { return n.of(window(now)) }

// good tells whether a proof may name a nonce at a time: that of the window, of the one before, and of the next, which a
// node may have given out whose clock is ahead.
func (n Nonces) good(nonce string, now time.Time) bool {
	if len(n.key) == 0 {
		return false
	}
	w, good := window(now), false
	for _, each := range []int64{w, w - 1, w + 1} {
		good = same(nonce, n.of(each)) || good
	}
	return good
}

func (n Nonces) of(window int64) string {
	h := hmac.New(sha256.New, n.key)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(window)))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func window(now time.Time) int64 { return now.Unix() / int64(Window/time.Second) }
