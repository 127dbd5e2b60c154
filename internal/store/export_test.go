package store

import (
	"strings"
	"testing"

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

// ShrinkSearch makes ranges small, and few what an index may lead to, until the test ends.
func ShrinkSearch(t testing.TB) {
	size, hits := rangeSize, fewHits
	rangeSize, fewHits = 3, 2
	t.Cleanup(func() { rangeSize, fewHits = size, hits })
}

// DropSearch removes what the users of a realm are searched by.
func (s *Store) DropSearch(t testing.TB, realmKey string) {
	t.Helper()
	err := s.db.Change(t.Context(), func(tx engine.Tx) error {
		batch := s.index.bury(realmKey, 1<<40)
		for _, table := range []string{"user_search", "user_facet", "user_range"} {
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
