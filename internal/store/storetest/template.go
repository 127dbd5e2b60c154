package storetest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store"
)

// Template is a SQLite store that is made once for a test binary, and copied for each test: what it takes to make the
// schema, and to fill it, is spent once.
type Template struct {
	Fill func(t testing.TB, s *store.Store) // nil: nothing but the schema

	made sync.Once
	file []byte // nil where making it failed, which has ended the test that tried
}

var empty Template

// Open opens a copy, as Open does, that does not wait for the disk.
func (m *Template) Open(t testing.TB) *store.Store {
	t.Helper()
	m.made.Do(func() { m.make(t) })
	if m.file == nil {
		t.Fatal("there is no template: see the first test that asked for it")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, m.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(t, "sqlite-unsynced:"+path)
}

func (m *Template) make(t testing.TB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.db")
	closeNew(t, "sqlite-unsynced:"+path, m.Fill) // which writes the log into the file
	var err error
	if m.file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
}

// closeNew makes a store on an empty database, and fills and closes it.
func closeNew(t testing.TB, url string, fill func(t testing.TB, s *store.Store)) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: MasterKey})
	if err != nil {
		t.Fatal(err)
	}
	if fill != nil {
		fill(t, s)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
