package kcadm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kept is a file as kcadm 26.7.3 writes it.
const kept = `{
  "serverUrl" : "http://127.0.0.1:8180",
  "realm" : "master",
  "endpoints" : {
    "http://127.0.0.1:8180" : {
      "master" : {
        "clientId" : "admin-cli",
        "token" : "t",
        "refreshToken" : "r",
        "grantTypeForAuthentication" : "password",
        "expiresAt" : 1700000060000,
        "refreshExpiresAt" : 1700001800000
      }
    }
  }
}`

func TestFileIsKcadms(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".keycloak", "kcadm.config")
	f := File(path)
	if c, err := f.Load(); err != nil || c.ServerURL != "" {
		t.Fatalf("a file that is not there: %+v, %v", c, err)
	}
	err := f.Edit(func(c *Config) {
		c.ServerURL, c.Realm = "http://127.0.0.1:8180", "master"
		expires, refresh := int64(1700000060000), int64(1700001800000)
		*c.EnsureSession(c.ServerURL, c.Realm) = Session{ClientID: "admin-cli", Token: "t", RefreshToken: "r", GrantType: PasswordGrant,
			ExpiresAt: &expires, RefreshExpiresAt: &refresh}
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != kept {
		t.Errorf("wrote\n%s\nwant\n%s", text, kept)
	}
	for name, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v, want %v", name, info.Mode().Perm(), err, mode)
		}
	}
	if c, err := f.Load(); err != nil || c.Session("http://127.0.0.1:8180", "master").RefreshToken != "r" {
		t.Errorf("read back: %+v, %v", c, err)
	}
}

func TestFileShrinksAndKeepsOthers(t *testing.T) {
	f := File(filepath.Join(t.TempDir(), "kcadm.config"))
	for _, step := range []func(*Config){
		func(c *Config) { c.Truststore = strings.Repeat("x", 1000) },
		func(c *Config) { c.Truststore = "" },
		func(c *Config) { c.EnsureSession("a", "one").Token = "1" },
		func(c *Config) { c.EnsureSession("a", "two").Token = "2" },
	} {
		if err := f.Edit(step); err != nil {
			t.Fatal(err)
		}
	}
	c, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Truststore != "" || c.Session("a", "one").Token != "1" || c.Session("a", "two").Token != "2" || c.Session("b", "one") != nil {
		t.Errorf("%+v", c)
	}
}

func TestFileRefusesWhatItWouldLose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kcadm.config")
	for _, text := range []string{`{"serverUrl":`, `{"serverUrl":"x","more":1}`, `[]`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := File(path).Edit(func(*Config) {}); err == nil || !strings.HasPrefix(err.Error(), "Failed to load "+path) {
			t.Errorf("%s: %v", text, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != text {
			t.Errorf("%s became %s, %v", text, after, err)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	now := time.UnixMilli(1700000000000)
	soon, later := now.Add(3*time.Second).UnixMilli(), now.Add(time.Minute).UnixMilli()
	c := NewClient(nil)
	if changed, err := c.Refresh(t.Context(), "http://127.0.0.1:1", "master", &Session{Token: "t", ExpiresAt: &later}, now); changed || err != nil {
		t.Errorf("a good token: %v, %v", changed, err)
	}
	if _, err := c.Refresh(t.Context(), "http://127.0.0.1:1", "master", &Session{Token: "t", ExpiresAt: &soon, RefreshExpiresAt: &soon}, now); err != ErrExpired {
		t.Errorf("a token that is about to end, and cannot be refreshed: %v", err)
	}
	if _, err := c.Refresh(t.Context(), "http://127.0.0.1:1", "master", &Session{Token: "t", ExpiresAt: &soon}, now); err == nil || !strings.HasPrefix(err.Error(), "Failed to refresh access token - Failed to send request - ") {
		t.Errorf("a server that is not there: %v", err)
	}
}
