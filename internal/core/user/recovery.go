package user

import (
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// KindRecovery is the kind of a credential that holds recovery codes.
const KindRecovery = "recovery-authn-codes"

// RecoveryCodes is how many recovery codes are made at once, and RecoveryLetters what they are of: nothing that
// people take for something else. Each has RecoveryLength of them, some 61 bits.
const (
	RecoveryCodes   = 12
	RecoveryLength  = 12
	RecoveryLetters = "ABCDEFGHIJKLMNPQRSTUVWXYZ123456789"
)

// recoveryHash is Keycloak's name for SHA-512.
const recoveryHash = "RS512"

type recoveryData struct {
	Iterations int    `json:"hashIterations"`
	Algorithm  string `json:"algorithm"`
	Total      int    `json:"totalCodes"`
	Remaining  int    `json:"remainingCodes"`
}

type recoverySecret struct {
	Codes []recoveryCode `json:"codes"`
}

type recoveryCode struct {
	Number int    `json:"number"`
	Hash   string `json:"encodedHashedValue"`
}

// NewRecovery is the credential of recovery codes, which keeps their hashes.
func NewRecovery(id, label string, codes []string, now time.Time) Credential {
	var s recoverySecret
	for i, code := range codes {
		s.Codes = append(s.Codes, recoveryCode{i + 1, hashRecovery(code)})
	}
	c := Credential{ID: id, Kind: KindRecovery, Label: label, Created: now}
	c.writeRecovery(recoveryData{1, recoveryHash, len(codes), len(codes)}, s)
	return c
}

func (c *Credential) writeRecovery(d recoveryData, s recoverySecret) {
	data, _ := json.Marshal(d)
	secret, _ := json.Marshal(s)
	c.Data, c.Secret = string(data), string(secret)
}

func (c *Credential) readRecovery() (d recoveryData, s recoverySecret, ok bool) {
	ok = c.Kind == KindRecovery && json.Unmarshal([]byte(c.Data), &d) == nil && json.Unmarshal([]byte(c.Secret), &s) == nil &&
		d.Algorithm == recoveryHash && len(s.Codes) > 0
	return d, s, ok
}

// Recovery tells which code is asked for next, and how many are left with it; ok is false where there is none.
func (c *Credential) Recovery() (number, left int, ok bool) {
	_, s, ok := c.readRecovery()
	if !ok {
		return 0, 0, false
	}
	return s.Codes[0].Number, len(s.Codes), true
}

// TakeRecovery uses the next code up, where it is this one. Codes are asked for in their order, so that people can
// cross them out.
func (c *Credential) TakeRecovery(code string) bool {
	d, s, ok := c.readRecovery()
	if !ok || subtle.ConstantTimeCompare([]byte(hashRecovery(code)), []byte(s.Codes[0].Hash)) != 1 {
		return false
	}
	s.Codes = s.Codes[1:]
	d.Remaining = len(s.Codes)
	c.writeRecovery(d, s)
	return true
}

// hashRecovery hashes a code as it is typed: in groups or not, small or large.
func hashRecovery(code string) string {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha512.Sum512([]byte(code))
	return base64.StdEncoding.EncodeToString(sum[:])
}
