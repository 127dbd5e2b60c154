// Package storetest gives tests real stores on both databases.
package storetest

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store"
)

// Each runs a test on a fresh SQLite store and on a fresh PostgreSQL one.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) { panic("provisional") }

// SQLite is a fresh store in a throw-away SQLite file, closed when the test ends.
func SQLite(t testing.TB) *store.Store { panic("provisional") }

// Postgres is the URL of a fresh PostgreSQL database. Without PostgreSQL the test is skipped.
func Postgres(t testing.TB) string { panic("provisional") }

// Open opens a store on a database, as one node; it is closed when the test ends. Nodes of one
// database share a key.
func Open(t testing.TB, url string) *store.Store { panic("provisional") }
