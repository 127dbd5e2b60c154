package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/store/seal"
)

func newKey(t testing.TB, letter string) *seal.Key {
	t.Helper()
	k, err := seal.NewKey([]byte(strings.Repeat(letter, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOpenGivesWhatWasSealed(t *testing.T) {
	k := newKey(t, "k")
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		place := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "place")
		got, err := k.Open(k.Seal(plain, place...), place...)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

func TestSealingTwiceLooksDifferent(t *testing.T) {
	k := newKey(t, "k")
	if bytes.Equal(k.Seal([]byte("same")), k.Seal([]byte("same"))) {
		t.Error("equal secrets can be told in the database")
	}
}

// T25: every byte and every length counts.
func TestDamagedValuesAreRefused(t *testing.T) {
	k := newKey(t, "k")
	sealed := k.Seal([]byte("secret"), "realm", "client")
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := k.Open(damaged, "realm", "client"); !errors.Is(err, seal.ErrBroken) && !errors.Is(err, seal.ErrOtherKey) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := k.Open(sealed[:i], "realm", "client"); !errors.Is(err, seal.ErrBroken) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := k.Open(append(bytes.Clone(sealed), 0), "realm", "client"); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestValueOpensOnlyInItsPlaceAndWithItsKey(t *testing.T) {
	k := newKey(t, "k")
	sealed := k.Seal([]byte("secret"), "realm", "client")
	for _, place := range [][]string{{"realm", "other"}, {"realm"}, {"realm", "client", ""}, {"realmclient"}, nil} {
		if _, err := k.Open(sealed, place...); !errors.Is(err, seal.ErrBroken) {
			t.Errorf("in place %q: %v, want broken", place, err)
		}
	}
	if _, err := newKey(t, "x").Open(sealed, "realm", "client"); !errors.Is(err, seal.ErrOtherKey) {
		t.Errorf("with another key: %v", err)
	}
}

func TestParse(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(make([]byte, 32))
	if _, err := seal.Parse(" " + good + "\n"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "%", base64.StdEncoding.EncodeToString(make([]byte, 31)), good + good} {
		if _, err := seal.Parse(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}

func TestMakeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := seal.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading a missing file: %v", err)
	}
	k, err := seal.MakeFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.MakeFile(path)
	if err != nil || again.ID() != k.ID() {
		t.Errorf("making it again gave another key, or %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := seal.MakeFile(filepath.Join(path, "not a directory")); err == nil {
		t.Error("a file was made where none can be")
	}
}

// Keys for purposes are the same wherever the master key is, and tell nothing of each other.
func TestSecretsHaveTheirPurpose(t *testing.T) {
	k := newKey(t, "k")
	if !bytes.Equal(k.Secret("a"), newKey(t, "k").Secret("a")) {
		t.Error("two nodes do not agree")
	}
	if bytes.Equal(k.Secret("a"), k.Secret("b")) || bytes.Equal(k.Secret("a"), newKey(t, "l").Secret("a")) ||
		bytes.Equal(k.Secret("a"), k.Signing("a").Seed()) {
		t.Error("two keys are one")
	}
}
