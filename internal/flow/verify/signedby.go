package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// SignedByClient checks the signature of a compact JWS that is no assertion, as a request object, with the
// client's own keys or, by HMAC, with its secret. It does not look at what the JWS says.
func (v *Verifier) SignedByClient(ctx context.Context, c *realm.Client, at At, compact string) error {
	jws, err := token.Open(compact)
	if err != nil {
		return err
	}
	a := &assertion{compact: compact, jws: jws}
	if macs[jws.Header.Alg] != nil {
		return a.signedBySecret(c, at)
	}
	return v.signedByKey(ctx, a, c)
}
