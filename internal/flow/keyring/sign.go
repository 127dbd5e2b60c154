package keyring

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Sign makes a compact JWS (RFC 7515 §7.1) of the claims, with the realm's active key for the JWS
// algorithm alg; where alg is empty, for the realm's own, and RS256 where that is empty too. typ is the
// header's "typ", as "JWT" or "at+jwt". Where the realm has no such key one is made first and kept, as
// Keycloak does.
func (k *Keyring) Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error) {
	if alg == "" {
		alg = r.SignatureAlg
	}
	if alg == "" {
		alg = "RS256"
	}
	s, err := k.signer(ctx, r, alg)
	if err != nil {
		return "", err
	}
	return s.seal(typ, c)
}

// scratch holds what is built on the way to a token.
type scratch struct{ payload, compact, signature []byte }

// scratches spare three allocations of each token, which are half of all.
var scratches = sync.Pool{New: func() any { return &scratch{} }}

// maxScratch is how large a buffer is kept, in bytes; larger tokens are rare.
const maxScratch = 16 << 10

// seal signs the claims.
func (k *key) seal(typ string, c *token.Claims) (_ string, err error) {
	s := scratches.Get().(*scratch)
	defer func() {
		if cap(s.payload)+cap(s.compact) < maxScratch {
			scratches.Put(s)
		}
	}()
	s.payload = c.AppendJSON(s.payload[:0])
	s.compact = append(append(s.compact[:0], k.head(typ)...), '.')
	s.compact = base64.RawURLEncoding.AppendEncode(s.compact, s.payload)
	if s.signature, err = k.pair.sign(s.signature[:0], s.compact); err != nil {
		return "", fmt.Errorf("sign with key %q: %w", k.provider.Kid, err)
	}
	s.compact = append(s.compact, '.')
	s.compact = base64.RawURLEncoding.AppendEncode(s.compact, s.signature)
	return string(s.compact), nil
}
