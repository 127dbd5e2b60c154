package server_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/server"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// database is a kind of database that tests run on.
type database struct {
	name string
	open func(t testing.TB) server.Database // one with the master realm and its administrator, gone with the test
}

var databases = []database{
	{"sqlite", func(t testing.TB) server.Database {
		return server.Database{URL: begun.File(t), MasterKey: storetest.MasterKey}
	}},
	{"postgres", func(t testing.TB) server.Database {
		return server.Database{URL: begun.Postgres(t), MasterKey: storetest.MasterKey}
	}},
}

// begun is what a server leaves at its first start: keys and a password that take their time to make.
var begun = storetest.Template{Fill: func(t testing.TB, s *store.Store) {
	t.Helper()
	if _, err := server.Realms(s, server.Config{}).Bootstrap(t.Context(), manage.Administrator(administrator)); err != nil {
		t.Fatal(err)
	}
}}

// administrator is that of the servers of tests.
var administrator = server.Bootstrap{Username: "admin", Password: "admin"}

// onePlace tells whether a database is one server's.
func onePlace(where server.Database) bool { return !strings.HasPrefix(where.URL, "postgres://") }

// start starts a server with these realm files, and an administrator "admin" with the password "admin",
// and gives its URL, which stands at each ${base} of the files. It ends with the test.
func start(t testing.TB, db server.Database, realms map[string][]byte) (*server.Server, string) {
	t.Helper()
	return startAs(t, db, realms, func(*server.Config, string) {})
}

// startAs is start with a configuration that is changed by who is told the server's URL.
func startAs(t testing.TB, db server.Database, realms map[string][]byte, change func(c *server.Config, base string)) (*server.Server, string) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	base := "http://" + web.Listener.Addr().String()
	c := server.Config{Database: db}
	change(&c, base)
	s := build(t, c, realms, base)
	web.Config.Handler = s.Handler()
	web.Start()
	t.Cleanup(web.Close)
	return s, base
}

// secure is start with HTTPS: what it gives makes clients that trust it.
func secure(t testing.TB, c server.Config, realms map[string][]byte) *httptest.Server {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.Config.Handler = build(t, c, realms, "https://"+web.Listener.Addr().String()).Handler()
	web.StartTLS()
	t.Cleanup(web.Close)
	return web
}

// build makes a server that is not served yet: one for development, unless its configuration names a transport. It
// closes with the test.
func build(t testing.TB, c server.Config, realms map[string][]byte, base string) *server.Server {
	t.Helper()
	dir := t.TempDir()
	for name, text := range realms {
		text = bytes.ReplaceAll(text, []byte("${base}"), []byte(base))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Development = !c.Listen.HTTP
	c.Bootstrap = administrator
	c.Import = dir
	c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
