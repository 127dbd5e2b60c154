// Package storetest gives tests real stores: SQLite in a file of the test's own, and PostgreSQL in
// a cluster that ends with the test binary.
package storetest

import (
	"path/filepath"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store"
)

// MasterKey seals the databases of tests.
const MasterKey = "dG9rZW5ob3VzZSB0b2tlbmhvdXNlIHRva2VuaG91c2U="

// Each runs a test on a fresh SQLite store, and on a fresh PostgreSQL one.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Open(t, empty.Postgres(t))) })
}

// EachURL runs a test on a fresh database of each engine, which the test opens itself.
func EachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, File(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite is a fresh SQLite store.
func SQLite(t testing.TB) *store.Store { return empty.Open(t) }

// File is the URL of a fresh SQLite database, without a schema.
func File(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }

// Open opens a store on a database, as one node; it is closed when the test ends.
func Open(t testing.TB, url string) *store.Store {
	t.Helper()
	return OpenWith(t, store.Config{URL: url})
}

// OpenWith is Open with a configuration; the master key is filled in.
func OpenWith(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	c.MasterKey = MasterKey
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}
