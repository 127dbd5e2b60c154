package server_test

import (
	"encoding/base64"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/server"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// database is a kind of database that tests run on.
type database struct {
	name string
	open func(t testing.TB) server.Database // an empty one, gone with the test
}

var databases = []database{
	{"sqlite", func(testing.TB) server.Database { return server.Database{} }},
	{"postgres", func(t testing.TB) server.Database {
		return server.Database{URL: storetest.Postgres(t), MasterKey: base64.StdEncoding.EncodeToString(make([]byte, 32))}
	}},
}

// start starts a server with these realm files, and an administrator "admin" with the password "admin",
// and gives its URL. It ends with the test.
func start(t testing.TB, db server.Database, realms map[string][]byte) (*server.Server, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range realms {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := server.New(t.Context(), server.Config{
		Development: true,
		Database:    db,
		Bootstrap:   server.Bootstrap{Username: "admin", Password: "admin"},
		Import:      dir,
		Log:         slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, web.URL
}
