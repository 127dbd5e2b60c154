// Package keyringtest has keys for tests of realms.
package keyringtest

import (
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

// Shop are the keys of a realm named shop, made once: an ES256 key for tokens, and one for the realm's own use.
var Shop = sync.OnceValue(func() (out []*realm.KeyProvider) {
	for _, alg := range []string{"ES256", keyring.Internal} {
		k, err := keyring.Fallback("shop", alg, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			panic(err)
		}
		out = append(out, k)
	}
	return out
})
