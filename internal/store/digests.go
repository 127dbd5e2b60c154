package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// digests remember the marks of each range, which take 9 MB for a million users, and wake who makes digests.
type digests struct {
	entries *otter.Cache[string, *marksOfRealm]
	outdate chan struct{}
}

const mostDigested = 20 // realms whose marks are remembered

// fewRanges is up to how many ranges make a realm so small that looking at its users one by one is fast enough.
var fewRanges = 4 // a variable for tests

// marksOfRealm are the marks of its ranges that were asked for last.
type marksOfRealm struct {
	mu    sync.Mutex
	byLow map[string]marksOfRange
}

type marksOfRange struct {
	high    string
	changes int64
	marks   marks
}

func (m *marksOfRange) isOf(r userRange) bool { return m.high == r.high && m.changes == r.changes }

func newDigests() *digests {
	return &digests{
		entries: otter.Must(&otter.Options[string, *marksOfRealm]{MaximumSize: mostDigested}),
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

// marks are those of each of the ranges of a realm, nil where there is no digest of it as it is now.
func (d *digests) marks(ctx context.Context, r engine.Reader, realmKey string, ranges []userRange) ([]marks, error) {
	if len(ranges) <= fewRanges {
		return make([]marks, len(ranges)), nil
	}
	of, ok := d.entries.GetIfPresent(realmKey)
	if !ok {
		of, _ = d.entries.SetIfAbsent(realmKey, &marksOfRealm{byLow: map[string]marksOfRange{}})
	}
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
		if known, ok := m.byLow[r.low]; ok && known.isOf(r) {
			out[i] = known.marks
		} else {
			missing = append(missing, r.low)
		}
	}
	return out, missing
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
		m.mu.Lock()
		defer m.mu.Unlock()
		m.byLow[low] = of
		return nil
	})
}

// someDigests is how many digests are read at once: of more than are needed most would be read in vain.
const someDigests = 32

// digested are the names of the users that are asked for in each of some ranges, by low, of which digests are known
// to be there.
func digested(ctx context.Context, r engine.Reader, realmKey string, ranges []userRange, w *wanted) (map[string][]string, error) {
	of := make(map[string]userRange, len(ranges))
	var lows []string
	for _, r := range ranges {
		of[r.low] = r
		lows = append(lows, r.low)
	}
	c := &conditions{}
	c.add("realm = ?", realmKey)
	among(c, "low", lows)
	out := make(map[string][]string, len(ranges))
	err := r.Each(ctx, `SELECT low, high, changes, users FROM user_digest WHERE `+c.String(), c.args, func(scan engine.Scan) error {
		var low string
		var is marksOfRange
		var users []byte
		if err := scan(&low, &is.high, &is.changes, &users); err != nil || !is.isOf(of[low]) {
			return err
		}
		names, err := w.in(users)
		out[low] = names
		return err
	})
	return out, err
}

// restAfter is how many times as long as an outdated digest took to make its maker rests. Where many users change
// all over a large realm, digests are soon outdated again: making them may take a fifth of a core, and no more.
const restAfter = 4

// digest makes digests when it is woken, and each minute in case that nobody searches, until ctx ends.
func (s *Store) digest(ctx context.Context) {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.digests.outdate:
		case <-every.C:
		}
		if err := s.digestAll(ctx, restAfter); err != nil && ctx.Err() == nil {
			s.log.Warn("digests of users cannot be made; searches take longer", "error", err)
		}
	}
}

// digestAll makes digests of the ranges that have none, and then of those that have an outdated one, in realms that
// have many ranges.
func (s *Store) digestAll(ctx context.Context, rest time.Duration) error {
	type task struct {
		realm, low string
		outdated   int64
	}
	var tasks []task
	err := s.db.Each(ctx, `SELECT r.realm, r.low, CASE WHEN d.low IS NULL THEN 0 ELSE 1 END AS outdated
		FROM user_range r LEFT JOIN user_digest d ON d.realm = r.realm AND d.low = r.low
		WHERE (d.low IS NULL OR d.high <> r.high OR d.changes <> r.changes)
			AND r.realm IN (SELECT realm FROM user_range GROUP BY realm HAVING COUNT(*) > $1)
		ORDER BY outdated, r.realm, r.low`, []any{int64(fewRanges)},
		func(scan engine.Scan) error {
			var t task
			err := scan(&t.realm, &t.low, &t.outdated)
			tasks = append(tasks, t)
			return err
		})
	if err != nil {
		return err
	}
	for _, t := range tasks {
		begin := time.Now()
		if err := s.digestRange(ctx, t.realm, t.low); err != nil {
			return fmt.Errorf("range %q of realm %s: %w", t.low, t.realm, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(begin) * rest * time.Duration(t.outdated)):
		}
	}
	return nil
}

// digestRange makes the digest of a range. It reads all at one moment; where the range changes before the digest is
// written, no digest is.
func (s *Store) digestRange(ctx context.Context, realmKey, low string) error {
	var users []searched
	var changes int64
	err := s.db.View(ctx, func(r engine.Reader) error {
		in, err := readRange(ctx, r, realmKey, low)
		if err != nil {
			return err
		}
		changes = in.changes
		users, err = usersIn(ctx, r, realmKey, in)
		return err
	})
	if isNoRows(err) {
		return nil // the realm was deleted
	}
	if err != nil {
		return err
	}
	d := newDigest(users)
	return s.db.Change(ctx, func(tx engine.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO user_digest (realm, low, high, changes, marks, users)
			SELECT realm, low, high, changes, $4, $5 FROM user_range WHERE realm = $1 AND low = $2 AND changes = $3
			ON CONFLICT (realm, low) DO UPDATE SET high = excluded.high, changes = excluded.changes, marks = excluded.marks, users = excluded.users`,
			realmKey, low, changes, []byte(d.marks), d.users)
		return err
	})
}

func readRange(ctx context.Context, r engine.Reader, realmKey, low string) (userRange, error) {
	out := userRange{low: low}
	err := r.One(ctx, `SELECT high, changes FROM user_range WHERE realm = $1 AND low = $2`, []any{realmKey, low}, &out.high, &out.changes)
	return out, err
}

// usersIn are the users of a range in the order of the list.
func usersIn(ctx context.Context, r engine.Reader, realmKey string, in userRange) ([]searched, error) {
	c := &conditions{}
	c.add("u.realm = ?", realmKey)
	in.bound(c)
	out := make([]searched, 0, rangeSize)
	err := r.Each(ctx, `SELECT u.username, p.doc FROM user_search u JOIN users p ON p.realm = u.realm AND p.id = u.user_id
		WHERE `+c.String()+` ORDER BY u.username`, c.args, func(scan engine.Scan) error {
		var username string
		var doc []byte
		if err := scan(&username, &doc); err != nil {
			return err
		}
		u, err := parseUser(doc, nil)
		if err != nil {
			return err
		}
		found := searchedOf(&u)
		if found.username != username {
			return fmt.Errorf("user %s is searched by another name than they have", u.ID)
		}
		out = append(out, found)
		return nil
	})
	return out, err
}
