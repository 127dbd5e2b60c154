package store

import (
	"context"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Hidden is how many realms are being imported or removed.
func (s *Store) Hidden(t testing.TB) (n int64) {
	t.Helper()
	if err := s.db.One(t.Context(), `SELECT COUNT(*) FROM realm WHERE hidden <> 0`, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Plans tells how the database would find users by what is not their id.
func (s *Store) Plans(t testing.TB) map[string]string {
	t.Helper()
	plans := map[string]string{}
	for name, query := range map[string]string{"username": byUsername, "email": byEmail, "service account": byServiceAccount} {
		explain, columns := "EXPLAIN QUERY PLAN ", 4
		if s.Shared() {
			explain, columns = "EXPLAIN ", 1
		}
		var plan []string
		err := s.db.Each(t.Context(), explain+query, []any{"realm", "value"}, func(scan engine.Scan) error {
			row := make([]string, columns)
			dest := make([]any, columns)
			for i := range row {
				dest[i] = &row[i]
			}
			err := scan(dest...)
			plan = append(plan, row[columns-1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		plans[name] = strings.Join(plan, "\n")
	}
	return plans
}

// ShrinkSearch makes ranges small, and few what an index may lead to, and little what is done without one, and has
// digests made where there are two ranges, until the test ends.
func ShrinkSearch(t testing.TB) {
	size, hits, ranges, first := rangeSize, fewHits, fewRanges, little
	rangeSize, fewHits, fewRanges, little = 3, 2, 1, 2
	t.Cleanup(func() { rangeSize, fewHits, fewRanges, little = size, hits, ranges, first })
}

// Digest makes the digests that are not there or outdated, and tells how many there are of a realm.
func (s *Store) Digest(t testing.TB, realmKey string) int64 {
	t.Helper()
	if err := s.digestAll(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	return s.Digested(t, realmKey)
}

// ForgetDigests lets digests be read again.
func (s *Store) ForgetDigests() {
	s.digests.marks.InvalidateAll()
	s.digests.packed.InvalidateAll()
}

// Warm reads the digests that are there.
func (s *Store) Warm(ctx context.Context) error { return s.digests.warm(ctx, s.db) }

// Remembered is how many bytes of digests are in memory, without their marks.
func (s *Store) Remembered() uint64 {
	s.digests.packed.CleanUp()
	return s.digests.packed.WeightedSize()
}

// Digested is how many ranges of a realm have a digest that is not outdated, and of a realm that has none all digests.
func (s *Store) Digested(t testing.TB, realmKey string) (n int64) {
	t.Helper()
	err := s.db.One(t.Context(), `SELECT COUNT(*) FROM user_digest d LEFT JOIN user_range r ON r.realm = d.realm AND r.low = d.low
		WHERE d.realm = $1 AND (r.low IS NULL OR r.high = d.high AND r.changes = d.changes)`, []any{realmKey}, &n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// DropSearch removes what the users of a realm are searched by.
func (s *Store) DropSearch(t testing.TB, realmKey string) {
	t.Helper()
	err := s.db.Change(t.Context(), func(tx engine.Tx) error {
		batch := s.index.bury(realmKey, 1<<40)
		for _, table := range []string{"user_search", "user_facet", "user_range", "user_digest"} {
			batch = append(batch, engine.Statement{SQL: `DELETE FROM ` + table + ` WHERE realm = $1`, Args: []any{realmKey}})
		}
		return tx.Send(t.Context(), batch)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Rarest chooses of tokens those that the fewest of some users have together, and tells how many have them.
func Rarest(users [][]uint32, tokens ...uint32) (chosen []uint32, left int) {
	s := &sample{users: len(users), having: map[uint32][]int{}}
	for i, has := range users {
		for _, t := range has {
			s.having[t] = append(s.having[t], i)
		}
	}
	return s.rarest(tokens)
}

// DigestOf is a digest of users. It tells whether its marks have those of a query, and the names of those it is for.
func DigestOf(t testing.TB, users []user.User) func(q user.Query) (marked bool, names []string) {
	t.Helper()
	var in []searched
	for i := range users {
		in = append(in, searchedOf(&users[i]))
	}
	d := newDigest(in)
	return func(q user.Query) (bool, []string) {
		w := wantedBy(&q)
		p, err := unpack(string(d.users))
		if err != nil {
			t.Fatal(err)
		}
		of := w.in(p)
		return d.marks.hasAll(w.marks), of.names(0, -1)
	}
}

// Pack packs users.
func Pack(users []user.User) []byte {
	var in []searched
	for i := range users {
		in = append(in, searchedOf(&users[i]))
	}
	return pack(in)
}

// SearchPacked are the names of those of some packed users who are asked for.
func SearchPacked(users []byte, q user.Query) ([]string, error) {
	p, err := unpack(string(users))
	if err != nil {
		return nil, err
	}
	of := wantedBy(&q).in(p)
	return of.names(0, -1), nil
}

// LoginDocument is what the database has of a sign-in.
func (s *Store) LoginDocument(t testing.TB, realmKey, id string) (doc string) {
	t.Helper()
	if err := s.db.One(t.Context(), `SELECT doc FROM login WHERE realm = $1 AND id = $2`, []any{realmKey, hashed(id)}, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// SetLoginDocument puts another in its place.
func (s *Store) SetLoginDocument(t testing.TB, realmKey, id, doc string) {
	t.Helper()
	err := s.db.Change(t.Context(), func(tx engine.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE login SET doc = $3 WHERE realm = $1 AND id = $2`, realmKey, hashed(id), doc)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Outdate has a realm be one whose client policies a former version kept.
func (s *Store) Outdate(t testing.TB, realmKey string) {
	t.Helper()
	err := s.db.Change(t.Context(), func(tx engine.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO unread_policies (realm) VALUES ($1)`, realmKey)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
