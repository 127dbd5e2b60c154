package user_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// cheap are hashings that tests can afford.
var cheap = map[string]user.Hashing{
	"argon2":        {Algorithm: "argon2", Iterations: 1},
	"pbkdf2-sha256": {Algorithm: "pbkdf2-sha256", Iterations: 10},
	"pbkdf2-sha512": {Algorithm: "pbkdf2-sha512", Iterations: 10},
	"pbkdf2":        {Algorithm: "pbkdf2", Iterations: 10},
}

var salt = []byte("0123456789abcdef")

func TestCheckPassword(t *testing.T) {
	for name, h := range cheap {
		t.Run(name, func(t *testing.T) {
			c := user.HashPassword("pässwörd", salt, h)
			if !user.CheckPassword(c, "pässwörd") {
				t.Error("the right password is refused")
			}
			for _, wrong := range []string{"", "passwörd", "pässwörd ", "PÄSSWÖRD"} {
				if user.CheckPassword(c, wrong) {
					t.Errorf("password %q is accepted", wrong)
				}
			}
			if !h.Made(c) {
				t.Error("a fresh hash counts as outdated")
			}
		})
	}
}

// Hashes made elsewhere: by Python's hashlib, and by the reference implementation of argon2.
func TestCheckPasswordOfOthers(t *testing.T) {
	decode := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	argon, err := hex.DecodeString("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		credential user.Credential
		password   string
	}{
		"pbkdf2-sha256": {user.Credential{Algorithm: "pbkdf2-sha256", Iterations: 27500, Salt: salt,
			Hash: decode("hkgHAfRjWLgvT0p7XPRWf2mvfacagRkBUARnq6O3lTvfOX6IWMEQ1YIP5beeD9ZJ3vuHo6MYbIcF4JX9PMJvIw==")}, "pässwörd"},
		"pbkdf2-sha512": {user.Credential{Algorithm: "pbkdf2-sha512", Iterations: 30000, Salt: salt,
			Hash: decode("PfoN4L36H3Rk3o/YtgDvfhRRXabfXZ9k45fIP2yDE8L8VBtGocTPMKQFBkLQfNRjjN0bRG/bHnG6ZtRP5Zb5gQ==")}, "pässwörd"},
		"pbkdf2": {user.Credential{Algorithm: "pbkdf2", Iterations: 20000, Salt: salt,
			Hash: decode("gH33dWSAg2OQe1Od/jOzv0oGfaWUE7pZyn8dnyVM1U/FV6dmimMELUAFLq7d+aade7/QAtMkYWc1DAuQ4TgCWA==")}, "pässwörd"},
		"argon2": {user.Credential{Algorithm: "argon2", Iterations: 2, Salt: []byte("somesalt"), Hash: argon,
			Parameters: map[string][]string{"type": {"id"}, "version": {"1.3"}, "memory": {"256"}, "parallelism": {"1"}}}, "password"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.credential.Kind = user.KindPassword
			if !user.CheckPassword(tt.credential, tt.password) {
				t.Error("the right password is refused")
			}
			if user.CheckPassword(tt.credential, tt.password+"x") {
				t.Error("a wrong password is accepted")
			}
			tt.credential.Salt = []byte("another salt")
			if user.CheckPassword(tt.credential, tt.password) {
				t.Error("the hash does not depend on the salt")
			}
		})
	}
}

// Realm files bring hashes of their own: none of them may be guessed for being short, or cost more than a
// sign-in may.
func TestCheckPasswordRefuses(t *testing.T) {
	good := user.HashPassword("secret", salt, cheap["argon2"])
	tests := map[string]func(*user.Credential){
		"no password":        func(c *user.Credential) { c.Kind = "otp" },
		"empty hash":         func(c *user.Credential) { c.Hash = nil },
		"truncated hash":     func(c *user.Credential) { c.Hash = c.Hash[:8] },
		"changed hash":       func(c *user.Credential) { c.Hash = append([]byte{c.Hash[0] ^ 1}, c.Hash[1:]...) },
		"unknown algorithm":  func(c *user.Credential) { c.Algorithm = "md5" },
		"no iterations":      func(c *user.Credential) { c.Iterations = 0 },
		"endless iterations": func(c *user.Credential) { c.Iterations = 1 << 30 },
		"unknown variant":    func(c *user.Credential) { c.Parameters["type"] = []string{"d"} },
		"old version":        func(c *user.Credential) { c.Parameters["version"] = []string{"1.0"} },
		"all the memory":     func(c *user.Credential) { c.Parameters["memory"] = []string{"1073741824"} },
		"memory in words":    func(c *user.Credential) { c.Parameters["memory"] = []string{"much"} },
		"no lanes":           func(c *user.Credential) { c.Parameters["parallelism"] = []string{"0"} },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := good
			c.Parameters = map[string][]string{}
			for k, v := range good.Parameters {
				c.Parameters[k] = v
			}
			change(&c)
			if user.CheckPassword(c, "secret") {
				t.Error("accepted")
			}
		})
	}
	if !user.CheckPassword(good, "secret") {
		t.Error("the untouched hash is refused")
	}
}

func TestHashingOf(t *testing.T) {
	tests := map[string]struct {
		policy string
		want   user.Hashing
	}{
		"none":               {"", user.Hashing{Algorithm: "argon2", Iterations: 5}},
		"others only":        {"length(8) and notUsername(undefined)", user.Hashing{Algorithm: "argon2", Iterations: 5}},
		"algorithm":          {"hashAlgorithm(pbkdf2-sha256)", user.Hashing{Algorithm: "pbkdf2-sha256", Iterations: 600_000}},
		"both":               {"hashIterations(27500) and length(8) and hashAlgorithm(pbkdf2-sha512)", user.Hashing{Algorithm: "pbkdf2-sha512", Iterations: 27500}},
		"iterations":         {"hashIterations(3)", user.Hashing{Algorithm: "argon2", Iterations: 3}},
		"too many of argon2": {"hashIterations(27500)", user.Hashing{Algorithm: "argon2", Iterations: 5}},
		"unknown algorithm":  {"hashAlgorithm(md5)", user.Hashing{Algorithm: "argon2", Iterations: 5}},
		"no number":          {"hashAlgorithm(pbkdf2) and hashIterations(undefined)", user.Hashing{Algorithm: "pbkdf2", Iterations: 1_300_000}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := user.HashingOf(tt.policy); got != tt.want {
				t.Errorf("HashingOf(%q) = %v, want %v", tt.policy, got, tt.want)
			}
		})
	}
}

func TestMade(t *testing.T) {
	c := user.HashPassword("secret", salt, cheap["argon2"])
	if (user.Hashing{Algorithm: "argon2", Iterations: 2}).Made(c) {
		t.Error("other iterations count as the same")
	}
	if cheap["pbkdf2-sha256"].Made(c) {
		t.Error("another algorithm counts as the same")
	}
	c.Parameters["memory"] = []string{"1024"}
	if cheap["argon2"].Made(c) {
		t.Error("less memory counts as the same")
	}
}
