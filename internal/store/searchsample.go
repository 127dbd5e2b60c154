package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// samples remember some users of each realm: of what a search asks for, an index is fastest with the part that is
// rare. Of an address it should not look at the end, which all have. An outdated sample is as right as a fresh one, and
// slower at worst.
type samples struct{ entries *otter.Cache[string, *sample] }

// sample is the first user of each range: these are spread over the list, and each stands for a range.
type sample struct {
	users  int
	having map[uint32][]int // by token, the numbers of the users who have it, ascending
}

const (
	mostSamples = 20 // each takes about 500 KB for a million users
	sampleFor   = time.Hour
	someTokens  = 4 // lead to few more than all tokens do
)

func newSamples() *samples {
	return &samples{otter.Must(&otter.Options[string, *sample]{
		MaximumSize:      mostSamples,
		ExpiryCalculator: otter.ExpiryWriting[string, *sample](sampleFor),
	})}
}

// rarest are those of the tokens that the fewest users of the realm seem to have together, and whether these seem to be
// many more than it is worth to look at each.
func (s *samples) rarest(ctx context.Context, r engine.Reader, realmKey string, tokens []uint32) (rare []uint32, many bool, err error) {
	if len(tokens) == 0 {
		return nil, true, nil
	}
	some, ok := s.entries.GetIfPresent(realmKey)
	if !ok {
		if some, err = readSample(ctx, r, realmKey); err != nil {
			return nil, false, err
		}
		s.entries.Set(realmKey, some)
	}
	rare, left := some.rarest(tokens)
	return rare, left*rangeSize > 2*fewHits, nil
}

// rarest chooses tokens, one after the other that leaves the fewest users, and tells how many have all of them.
func (s *sample) rarest(tokens []uint32) (chosen []uint32, left int) {
	having := make([]int, s.users)
	for i := range having {
		having[i] = i
	}
	rest := slices.Clone(tokens)
	for len(rest) > 0 && len(chosen) < someTokens {
		best := slices.MinFunc(rest, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(len(inBoth(having, s.having[a])), len(inBoth(having, s.having[b]))),
				cmp.Compare(len(s.having[a]), len(s.having[b])))
		})
		having = inBoth(having, s.having[best])
		chosen = append(chosen, best)
		rest = slices.DeleteFunc(rest, func(t uint32) bool { return t == best })
	}
	return chosen, len(having)
}

// inBoth are the numbers that two ascending lists share.
func inBoth(a, b []int) []int {
	var out []int
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Compare(a[0], b[0]); {
		case c < 0:
			a = a[1:]
		case c > 0:
			b = b[1:]
		default:
			out = append(out, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// readSample reads the first user of each range.
func readSample(ctx context.Context, r engine.Reader, realmKey string) (*sample, error) {
	out := &sample{having: map[uint32][]int{}}
	err := r.Each(ctx, `SELECT u.username, u.email, u.first_name, u.last_name
		FROM user_range r JOIN user_search u ON u.realm = r.realm AND u.username = r.low WHERE r.realm = $1`, []any{realmKey},
		func(scan engine.Scan) error {
			var username, email, first, last string
			if err := scan(&username, &email, &first, &last); err != nil {
				return err
			}
			for _, t := range tokensOf(realmKey, username, email, first, last) {
				out.having[t] = append(out.having[t], out.users)
			}
			out.users++
			return nil
		})
	return out, err
}
