package kcadm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Config is what kcadm remembers: its sessions, and which of them is meant where nothing else is said.
type Config struct {
	ServerURL  string                         `json:"serverUrl,omitempty"`
	Realm      string                         `json:"realm,omitempty"`
	Truststore string                         `json:"truststore,omitempty"`
	Trustpass  string                         `json:"trustpass,omitempty"`
	Endpoints  map[string]map[string]*Session `json:"endpoints"` // by server, then realm
}

// Session is a sign-in at one realm of one server. Times are milliseconds since 1970; nil where unknown.
type Session struct {
	ClientID         string            `json:"clientId,omitempty"`
	Token            string            `json:"token,omitempty"`
	RefreshToken     string            `json:"refreshToken,omitempty"`
	SigningToken     string            `json:"signingToken,omitempty"` // the assertion that the client proved itself by
	Secret           string            `json:"secret,omitempty"`
	GrantType        string            `json:"grantTypeForAuthentication,omitempty"`
	ExpiresAt        *int64            `json:"expiresAt,omitempty"`
	RefreshExpiresAt *int64            `json:"refreshExpiresAt,omitempty"`
	SigExpiresAt     *int64            `json:"sigExpiresAt,omitempty"`
	InitialToken     string            `json:"initialToken,omitempty"` // lets clients be registered
	Clients          map[string]string `json:"clients,omitempty"`      // registration access tokens, kept for kcreg
}

// Session is the one at a realm of a server, nil where there is none.
func (c *Config) Session(server, realm string) *Session { return c.Endpoints[server][realm] }

// EnsureSession is Session, made where there is none.
func (c *Config) EnsureSession(server, realm string) *Session {
	if s := c.Session(server, realm); s != nil {
		return s
	}
	s := &Session{}
	if c.Endpoints == nil {
		c.Endpoints = map[string]map[string]*Session{}
	}
	if c.Endpoints[server] == nil {
		c.Endpoints[server] = map[string]*Session{}
	}
	c.Endpoints[server][realm] = s
	return s
}

// Keeper keeps a Config.
type Keeper interface {
	Load() (*Config, error)
	Edit(change func(*Config)) error
}

// Memory keeps it for as long as the process runs.
type Memory struct{ Config Config }

// Load gives what is kept.
func (m *Memory) Load() (*Config, error) { return &m.Config, nil }

// Edit changes what is kept.
func (m *Memory) Edit(change func(*Config)) error { change(&m.Config); return nil }

// File keeps it in a file of kcadm's format that only its owner may read.
type File string

// maxFile is how large a file may be.
const maxFile = 10 << 20

// Load reads the file. One that is not there, or empty, holds nothing.
func (f File) Load() (*Config, error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return &Config{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("Failed to load %s: %w", f, err)
	}
	return f.parse(text)
}

func (f File) parse(text []byte) (*Config, error) {
	c := &Config{}
	if len(text) == 0 {
		return c, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // they would be lost by the next change
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("Failed to load %s: %w", f, err)
	}
	return c, nil
}

// lockTries and lockPause bound how long Edit waits for another process.
const (
	lockTries = 50
	lockPause = 100 * time.Millisecond
)

// Edit changes the file while other processes, kcadm's among them, are kept from it. The file and its directory
// are made where they are missing.
func (f File) Edit(change func(*Config)) (err error) {
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil {
		return fmt.Errorf("Failed to create config file: %s: %w", f, err)
	}
	file, err := os.OpenFile(string(f), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("Failed to create config file: %s: %w", f, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }() // closing releases the lock
	for try := 0; !lock(file); try++ {
		if try == lockTries {
			return fmt.Errorf("Failed to get lock on %s", f)
		}
		time.Sleep(lockPause)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return fmt.Errorf("Failed to load %s: %w", f, err)
	}
	c, err := f.parse(text)
	if err != nil {
		return err
	}
	change(c)
	out, err := c.encode()
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(out, 0); err != nil {
		return fmt.Errorf("Failed to save %s: %w", f, err)
	}
	return file.Truncate(int64(len(out)))
}

func (c *Config) encode() ([]byte, error) {
	if c.Endpoints == nil {
		c.Endpoints = map[string]map[string]*Session{}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	v, err := Parse(text)
	return Pretty(v), err
}
