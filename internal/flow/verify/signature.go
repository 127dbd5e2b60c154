package verify

import (
	"crypto/sha256"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// How many verified tokens are remembered, and how long they may be: those of most realms take 1 to 2 KB.
const (
	maxSeen     = 10_000
	maxSeenSize = 8 << 10
)

// signatures remembers tokens whose signature was checked, by their hash: a token is presented many times
// in its life. Only what cannot change is remembered, that a key of this version of the realm signed
// this text, and what it says. Whether it still counts is asked every time.
type signatures struct {
	keys Keys
	seen *otter.Cache[seenToken, token.Verified]
}

// seenToken is a token at one version of a realm, since an edit may disable the key.
type seenToken struct {
	realm   string
	version int64
	hash    [sha256.Size]byte
}

func newSignatures(k Keys) *signatures {
	return &signatures{keys: k, seen: otter.Must(&otter.Options[seenToken, token.Verified]{MaximumSize: maxSeen})}
}

// verify checks the signature of a compact token and reads it. What it says is shared and must not be
// changed.
func (s *signatures) verify(r *realm.Realm, compact string) (token.Verified, error) {
	if len(compact) > token.MaxSize {
		return token.Verified{}, errLong
	}
	if len(compact) > maxSeenSize {
		return s.keys.Verify(r, compact)
	}
	key := seenToken{r.Key, r.Version, sha256.Sum256([]byte(compact))}
	if t, ok := s.seen.GetIfPresent(key); ok {
		return t, nil
	}
	t, err := s.keys.Verify(r, compact)
	if err != nil {
		return token.Verified{}, err
	}
	s.seen.Set(key, t)
	return t, nil
}
