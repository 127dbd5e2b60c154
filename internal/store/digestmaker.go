package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// restAfter is how many times as long as an outdated digest took to make its maker rests. Where many users change
// all over a large realm, digests are soon outdated again: making them may take a fifth of a core, and no more.
const restAfter = 4

// digest reads the digests that there are, and makes others when it is woken, and each minute in case that nobody
// searches, until ctx ends.
func (s *Store) digest(ctx context.Context) {
	if err := s.digests.warm(ctx, s.db); err != nil && ctx.Err() == nil {
		s.log.Warn("digests of users cannot be read; the first searches take longer", "error", err)
	}
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
	var in userRange
	err := s.db.View(ctx, func(r engine.Reader) (err error) {
		if in, err = readRange(ctx, r, realmKey, low); err != nil {
			return err
		}
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
	var written int64
	err = s.db.Change(ctx, func(tx engine.Tx) (err error) {
		written, err = tx.Exec(ctx, `INSERT INTO user_digest (realm, low, high, changes, marks, users)
			SELECT realm, low, high, changes, $4, $5 FROM user_range WHERE realm = $1 AND low = $2 AND changes = $3
			ON CONFLICT (realm, low) DO UPDATE SET high = excluded.high, changes = excluded.changes, marks = excluded.marks, users = excluded.users`,
			realmKey, low, in.changes, []byte(d.marks), d.users)
		return err
	})
	if err != nil || written == 0 {
		return err
	}
	return s.digests.keep(realmKey, in, d)
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
