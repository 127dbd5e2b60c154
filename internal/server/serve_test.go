package server_test

import (
	"bytes"
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
// and gives its URL, which stands at each ${base} of the files. It ends with the test.
func start(t testing.TB, db server.Database, realms map[string][]byte) (*server.Server, string) {
	t.Helper()
	dir := t.TempDir()
	web := httptest.NewUnstartedServer(nil)
	base := "http://" + web.Listener.Addr().String()
	for name, text := range realms {
		text = bytes.ReplaceAll(text, []byte("${base}"), []byte(base))
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
	web.Config.Handler = s.Handler()
	web.Start()
	t.Cleanup(func() {
		web.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, base
}
