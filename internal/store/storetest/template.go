package storetest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store"
)

// Template is a database that is made once for a test binary, on each engine that it is asked for, and copied for each test:
// what it takes to make the schema, and to fill it, is spent once. It is sealed under MasterKey, and does not wait for the disk.
type Template struct {
	Fill func(t testing.TB, s *store.Store) // nil: nothing but the schema

	sqlite struct {
		made    sync.Once
		content []byte // nil where making it failed, which has ended the test that tried
	}
	postgres struct {
		made sync.Once
		name string // empty where making it failed, or was skipped
	}
}

var empty Template

// Open opens a copy on SQLite, as Open does.
func (m *Template) Open(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, m.File(t))
}

// File is the URL of a copy on SQLite.
func (m *Template) File(t testing.TB) string {
	t.Helper()
	m.sqlite.made.Do(func() {
		path := filepath.Join(t.TempDir(), "template.db")
		m.fill(t, unsynced+path) // closed, all of it is in the one file
		var err error
		if m.sqlite.content, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	})
	if m.sqlite.content == nil {
		t.Fatal("there is no template: see the first test that asked for it")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, m.sqlite.content, 0o600); err != nil {
		t.Fatal(err)
	}
	return unsynced + path
}

// Postgres is the URL of a copy on PostgreSQL; where there is none the test is skipped as by Postgres.
func (m *Template) Postgres(t testing.TB) string {
	t.Helper()
	m.postgres.made.Do(func() {
		url := Postgres(t)
		m.fill(t, url) // closed, for a database that somebody is connected to is not copied
		m.postgres.name = url[strings.LastIndexByte(url, '/')+1 : strings.IndexByte(url, '?')]
	})
	if m.postgres.name == "" {
		return Postgres(t) // which tells what keeps it from being made
	}
	return databaseFrom(t, fast, m.postgres.name)
}

// unsynced is the prefix of SQLite databases that do not wait for the disk.
const unsynced = "sqlite-unsynced:"

// fill makes the store on an empty database, and closes it.
func (m *Template) fill(t testing.TB, url string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: MasterKey})
	if err != nil {
		t.Fatal(err)
	}
	if m.Fill != nil {
		m.Fill(t, s)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
