package store_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// Nodes, or a server and a command, may start on an empty database at the same moment.
func TestOpenedByManyAtOnce(t *testing.T) {
	for name, c := range map[string]store.Config{
		"sqlite":   {URL: filepath.Join(t.TempDir(), "test.db")}, // the key's file too is made once
		"postgres": {MasterKey: storetest.MasterKey},
	} {
		t.Run(name, func(t *testing.T) {
			if c.URL == "" {
				c.URL = storetest.Postgres(t)
			}
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					s, err := store.Open(t.Context(), c)
					if err != nil {
						t.Error(err)
						return
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestThrowawayDatabaseLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := store.Open(t.Context(), store.Config{})
	must(t, err)
	newShop(t, s)
	theShop(t, s)
	must(t, s.Ping(t.Context()))
	must(t, s.Close())
	left, err := filepath.Glob(filepath.Join(filepath.Dir(t.TempDir()), "*", "*"))
	must(t, err)
	same(t, []string(nil), left)
}

func TestDatabaseThatCannotBeOpened(t *testing.T) {
	for _, url := range []string{
		filepath.Join(t.TempDir(), "no such directory", "test.db"),
		"postgres://nobody:topsecret@127.0.0.1:1/x?connect_timeout=1",
		"postgres://nobody:topsecret@127.0.0.1:port/x",
	} {
		_, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
		if err == nil {
			t.Errorf("%s was opened", url)
		} else if strings.Contains(err.Error(), "topsecret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}
