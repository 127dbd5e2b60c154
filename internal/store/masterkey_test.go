package store_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/seal"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

var otherKey = base64.StdEncoding.EncodeToString([]byte("another key of thirty-two bytes."))

func TestKeyFileIsMadeBesideANewSQLiteDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20.db") // whatever its name
	open := func() *store.Store {
		s, err := store.Open(t.Context(), store.Config{URL: path})
		must(t, err)
		return s
	}
	s := open()
	newShop(t, s)
	must(t, s.Close())
	info, err := os.Stat(path + ".key")
	must(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the key's file has mode %o", got)
	}
	s = open()
	if got := theShop(t, s).Client("web").Secret; got != "web secret" {
		t.Errorf("after a restart the secret is %q", got)
	}
	must(t, s.Close())
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(entries) != 2 {
		t.Errorf("beside database and key there is something else: %v", entries)
	}
}

func TestMissingKeyFileOfADatabaseThatHasSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := store.Open(t.Context(), store.Config{URL: path})
	must(t, err)
	must(t, s.Close())
	must(t, os.Rename(path+".key", path+".elsewhere"))
	_, err = store.Open(t.Context(), store.Config{URL: path})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path+".key") {
		t.Errorf("%v, want an error that names the missing file", err)
	}
	if _, err := os.Stat(path + ".key"); err == nil {
		t.Error("a new key was made for an old database")
	}
	s, err = store.Open(t.Context(), store.Config{URL: path, KeyFile: path + ".elsewhere"})
	must(t, err)
	must(t, s.Close())
}

func TestPostgresNeedsAKey(t *testing.T) {
	url := storetest.Postgres(t)
	missing := filepath.Join(t.TempDir(), "missing.key")
	for what, c := range map[string]store.Config{"no key": {URL: url}, "no file": {URL: url, KeyFile: missing}} {
		_, err := store.Open(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), "openssl rand -base64 32") {
			t.Errorf("%s: %v, want an error that tells how to make a key", what, err)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a key was made, which other nodes would not have")
	}
}

func TestWrongKeyIsToldAndNothingIsLost(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
		must(t, err)
		newShop(t, s)
		must(t, s.Close())
		_, err = store.Open(t.Context(), store.Config{URL: url, MasterKey: otherKey})
		if !errors.Is(err, seal.ErrOtherKey) {
			t.Errorf("%v, want that the key is another", err)
		}
		for _, bad := range []string{"not base64!", base64.StdEncoding.EncodeToString([]byte("short"))} {
			_, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: bad})
			if err == nil || strings.Contains(err.Error(), bad) {
				t.Errorf("%v, want an error that does not quote the key", err)
			}
		}
		if got := theShop(t, storetest.Open(t, url)).Client("web").Secret; got != "web secret" {
			t.Errorf("the secret is %q", got)
		}
	})
}

func TestDatabaseFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := storetest.Open(t, path)
	newShop(t, s)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		must(t, err)
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", info.Name(), mode)
		}
	}
}

func TestSecretsAreUnreadableInTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := store.Open(t.Context(), store.Config{URL: path, MasterKey: storetest.MasterKey})
	must(t, err)
	must(t, s.CreateRealm(t.Context(), realm.New(shop, realm.Settings{Name: "shop", SMTPPassword: "plain secret 1", SMTPTokenSecret: "plain secret 6"}), nil, nil, nil))
	edit(t, s, func(d *realm.Draft) {
		d.PutClient(&realm.Client{Key: "a", ID: "a", Secret: "plain secret 2", RotatedSecret: "plain secret 3"})
		d.PutProvider(&realm.Provider{Key: "b", Alias: "b", ClientSecret: "plain secret 4"})
		d.PutKey(&realm.KeyProvider{Key: "c", Private: []byte("plain secret 5")})
		d.PutClient(&realm.Client{Key: "d", ID: "d", Protocol: "saml", Extra: realm.Extra{"attributes": json.RawMessage(`{"saml.signing.private.key": "plain secret 8"}`)}})
	})
	a := alice()
	a.Credentials[0].Hash, a.Credentials[1].Secret = []byte("plain secret 6"), "plain secret 7"
	must(t, s.CreateUser(t.Context(), shop, a, nil))
	must(t, s.Close())
	file, err := os.ReadFile(path)
	must(t, err)
	if !strings.Contains(string(file), "UPDATE_PASSWORD") {
		t.Fatal("the database's file does not hold what was written, and cannot be searched")
	}
	for _, text := range []string{"plain secret", base64.StdEncoding.EncodeToString([]byte("plain secret"))[:12]} {
		if strings.Contains(string(file), text) {
			t.Errorf("the database's file contains %q", text)
		}
	}
}
