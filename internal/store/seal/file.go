package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Parse reads a master key from its base64, as `openssl rand -base64 32` prints it.
func Parse(text string) (*Key, error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil { // the error would quote the key
		return nil, errors.New("the master key is not base64")
	}
	return NewKey(secret)
}

// ReadFile reads a master key from a file with its base64; fs.ErrNotExist.
func ReadFile(path string) (*Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	k, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read the master key from %s: %w", path, err)
	}
	return k, nil
}

// Generate makes a master key by chance.
func Generate() (*Key, error) {
	k, _, err := generate()
	return k, err
}

func generate() (*Key, string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, "", err
	}
	k, err := NewKey(secret)
	return k, base64.StdEncoding.EncodeToString(secret) + "\n", err
}

// MakeFile makes a master key and keeps it in a new file that only its owner can read. The file is
// on disk when MakeFile returns: what is sealed with the key must not outlive it. Where the file
// exists already its key is read: another process was first.
func MakeFile(path string) (*Key, error) {
	k, text, err := generate()
	if err != nil {
		return nil, err
	}
	err = writeNew(path, text)
	if errors.Is(err, fs.ErrExist) {
		return ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("make a master key: %w", err)
	}
	return k, nil
}

// writeNew writes a file that does not exist yet, in whole or not at all.
func writeNew(path, text string) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
