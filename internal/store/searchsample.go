package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// samples remember how common tokens are in a realm: an index is fastest with the rare ones. Of an address it
// should not look at the end, which all have. An outdated sample is as right as a fresh one, and slower at worst.
type samples struct{ entries *otter.Cache[string, sample] }

// sample is in how many of some users of a realm a token is.
type sample map[uint32]uint16

const (
	mostSamples = 20 // each takes about 200 KB
	sampleFor   = time.Hour
	someTokens  = 4 // lead to few more than all tokens do
)

func newSamples() *samples {
	return &samples{otter.Must(&otter.Options[string, sample]{
		MaximumSize:      mostSamples,
		ExpiryCalculator: otter.ExpiryWriting[string, sample](sampleFor),
	})}
}

// rarest are those of the tokens that the fewest users of the realm have.
func (s *samples) rarest(ctx context.Context, r engine.Reader, realmKey string, tokens []uint32) ([]uint32, error) {
	if len(tokens) <= someTokens {
		return tokens, nil
	}
	common, ok := s.entries.GetIfPresent(realmKey)
	if !ok {
		var err error
		if common, err = readSample(ctx, r, realmKey); err != nil {
			return nil, err
		}
		s.entries.Set(realmKey, common)
	}
	tokens = slices.SortedStableFunc(slices.Values(tokens), func(a, b uint32) int { return cmp.Compare(common[a], common[b]) })
	return tokens[:someTokens], nil
}

// readSample counts the tokens of the first user of each range: these are spread over the list.
func readSample(ctx context.Context, r engine.Reader, realmKey string) (sample, error) {
	out := sample{}
	err := r.Each(ctx, `SELECT u.username, u.email, u.first_name, u.last_name
		FROM user_range r JOIN user_search u ON u.realm = r.realm AND u.username = r.low WHERE r.realm = $1`, []any{realmKey},
		func(scan engine.Scan) error {
			var username, email, first, last string
			if err := scan(&username, &email, &first, &last); err != nil {
				return err
			}
			for _, t := range tokensOf(realmKey, username, email, first, last) {
				out[t]++
			}
			return nil
		})
	return out, err
}
