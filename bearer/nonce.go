package bearer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// nonceWindow is how long the same nonce is given out. It is good for the next window too.
const nonceWindow = time.Minute

// nonce is the one to give out at a time. It is not secret and the same for everybody: who names it has heard from the service
// not long ago (RFC 9449 §11.2).
func (d *DPoP) nonce(window int64) string {
	h := hmac.New(sha256.New, d.NonceKey)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(window)))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// goodNonce tells whether a proof may name a nonce: that of this window, of the last, and of the next, which a process may have
// given out whose clock is ahead. Where the service wants none, any will do.
func (d *DPoP) goodNonce(nonce string, now time.Time) bool {
	if d.NonceKey == nil {
		return true
	}
	w, good := window(now), false
	for _, each := range []int64{w, w - 1, w + 1} {
		good = same(nonce, d.nonce(each)) || good
	}
	return good
}

func window(now time.Time) int64 { return now.Unix() / int64(nonceWindow/time.Second) }
