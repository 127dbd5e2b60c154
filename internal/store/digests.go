package store

import (
	"context"
	"errors"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// digests remember the marks of each range, which take 9 MB for a million users, and packed users, up to mostPacked of
// them. They wake who makes digests.
type digests struct {
	marks   *otter.Cache[string, *marksOfRealm]
	packed  *otter.Cache[rangeKey, packedRange]
	outdate chan struct{}
}

const (
	mostDigested = 20       // realms whose marks are remembered
	mostPacked   = 64 << 20 // bytes; a million users with short names and three attributes and roles each take 53 MB
)

// fewRanges is up to how many ranges make a realm so small that looking at its users one by one is fast enough.
var fewRanges = 4 // a variable for tests

// rangeState is what a range was like when something was learnt of it, which holds until it is like something else.
type rangeState struct {
	high    string
	changes int64
}

func (r *userRange) state() rangeState { return rangeState{r.high, r.changes} }

// marksOfRealm are the marks of its ranges that were asked for last.
type marksOfRealm struct {
	mu    sync.Mutex
	byLow map[string]marksOfRange
}

type marksOfRange struct {
	rangeState
	marks marks
}

type rangeKey struct{ realm, low string }

type packedRange struct {
	rangeState
	size  int
	users *packed
}

func newDigests() *digests {
	return &digests{
		marks: otter.Must(&otter.Options[string, *marksOfRealm]{MaximumSize: mostDigested}),
		packed: otter.Must(&otter.Options[rangeKey, packedRange]{
			MaximumWeight: mostPacked,
			Weigher:       func(_ rangeKey, p packedRange) uint32 { return uint32(p.size) },
		}),
		outdate: make(chan struct{}, 1),
	}
}

// wake has digests made of the ranges that have none, or an outdated one.
func (d *digests) wake() {
	select {
	case d.outdate <- struct{}{}:
	default: // it is awake
	}
}

// keep remembers the digest of a range as it is.
func (d *digests) keep(realmKey string, r userRange, is digest) error {
	d.of(realmKey).keep(r.low, marksOfRange{r.state(), is.marks})
	_, err := d.unpack(realmKey, r.low, r.state(), is.users)
	return err
}

// unpack unpacks and remembers the users of a range as it was.
func (d *digests) unpack(realmKey, low string, was rangeState, users []byte) (*packed, error) {
	p, err := unpack(string(users))
	if err == nil {
		d.packed.Set(rangeKey{realmKey, low}, packedRange{was, len(users), p})
	}
	return p, err
}

// of are the marks that are remembered of a realm.
func (d *digests) of(realmKey string) *marksOfRealm {
	of, ok := d.marks.GetIfPresent(realmKey)
	if !ok {
		of, _ = d.marks.SetIfAbsent(realmKey, &marksOfRealm{byLow: map[string]marksOfRange{}})
	}
	return of
}

// errFull ends the reading of digests.
var errFull = errors.New("no more digests are remembered")

// warm reads the digests that there are, as many as are remembered: the first search shall be as fast as others.
func (d *digests) warm(ctx context.Context, r engine.Reader) error {
	size := 0
	err := r.Each(ctx, `SELECT realm, low, high, changes, marks, users FROM user_digest ORDER BY realm, low`, nil, func(scan engine.Scan) error {
		var realmKey string
		var in userRange
		var has, users []byte
		if err := scan(&realmKey, &in.low, &in.high, &in.changes, &has, &users); err != nil {
			return err
		}
		if size += len(users); size > mostPacked {
			return errFull
		}
		return d.keep(realmKey, in, digest{has, users})
	})
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}

// marksOf are those of each of the ranges of a realm, nil where there is no digest of it as it is now.
func (d *digests) marksOf(ctx context.Context, r engine.Reader, realmKey string, ranges []userRange) ([]marks, error) {
	if len(ranges) <= fewRanges {
		return make([]marks, len(ranges)), nil
	}
	of := d.of(realmKey)
	out, missing := of.known(ranges)
	if len(missing) == 0 {
		return out, nil
	}
	if err := of.read(ctx, r, realmKey, missing); err != nil {
		return nil, err
	}
	if out, missing = of.known(ranges); len(missing) > 0 {
		d.wake()
	}
	return out, nil
}

func (m *marksOfRealm) known(ranges []userRange) (out []marks, missing []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out = make([]marks, len(ranges))
	for i, r := range ranges {
		if known, ok := m.byLow[r.low]; ok && known.rangeState == r.state() {
			out[i] = known.marks
		} else {
			missing = append(missing, r.low)
		}
	}
	return out, missing
}

func (m *marksOfRealm) keep(low string, of marksOfRange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byLow[low] = of
}

// read reads the marks of ranges: all where many are missing.
func (m *marksOfRealm) read(ctx context.Context, r engine.Reader, realmKey string, missing []string) error {
	c := &conditions{}
	c.add("realm = ?", realmKey)
	if len(missing) <= someDigests {
		among(c, "low", missing)
	}
	return r.Each(ctx, `SELECT low, high, changes, marks FROM user_digest WHERE `+c.String(), c.args, func(scan engine.Scan) error {
		var low string
		var of marksOfRange
		var has []byte
		if err := scan(&low, &of.high, &of.changes, &has); err != nil {
			return err
		}
		of.marks = has
		m.keep(low, of)
		return nil
	})
}

// someDigests is how many digests are looked through at once: of more than are needed most would be in vain.
const someDigests = 32

// find finds who is asked for in each of some ranges of which digests are known to be there, by low, and tells how many
// it had to read.
func (d *digests) find(ctx context.Context, r engine.Reader, realmKey string, ranges []userRange, w *wanted) (found map[string]hits, read int, err error) {
	users := make([]*packed, len(ranges))
	var missing []string
	for i, r := range ranges {
		if known, ok := d.packed.GetIfPresent(rangeKey{realmKey, r.low}); ok && known.rangeState == r.state() {
			users[i] = known.users
		} else {
			missing = append(missing, r.low)
		}
	}
	if len(missing) > 0 {
		there, err := d.read(ctx, r, realmKey, missing)
		if err != nil {
			return nil, 0, err
		}
		for i, r := range ranges {
			if of, ok := there[r.low]; ok && of.rangeState == r.state() {
				users[i] = of.users
			}
		}
	}
	all := make([]hits, len(ranges))
	together(len(ranges), func(i int) {
		if users[i] != nil {
			all[i] = w.in(users[i])
		}
	})
	found = make(map[string]hits, len(ranges))
	for i, r := range ranges {
		if users[i] != nil {
			found[r.low] = all[i]
		}
	}
	return found, len(missing), nil
}

// read reads the packed users of ranges, by low.
func (d *digests) read(ctx context.Context, r engine.Reader, realmKey string, lows []string) (map[string]packedRange, error) {
	c := &conditions{}
	c.add("realm = ?", realmKey)
	among(c, "low", lows)
	out := make(map[string]packedRange, len(lows))
	err := r.Each(ctx, `SELECT low, high, changes, users FROM user_digest WHERE `+c.String(), c.args, func(scan engine.Scan) error {
		var low string
		var of packedRange
		var users []byte
		err := scan(&low, &of.high, &of.changes, &users)
		if err == nil {
			of.users, err = d.unpack(realmKey, low, of.rangeState, users)
		}
		out[low] = of
		return err
	})
	return out, err
}
