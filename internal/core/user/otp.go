package user

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"hash"
	"strconv"
	"time"
)

// KindOTP is the kind of a credential that makes one-time codes.
const KindOTP = "otp"

const (
	otpWindow  = 1            // how many steps a clock may be off, either way
	otpPeriod  = 24 * 60 * 60 // how long a step may be, in seconds
	otpLongest = 100          // how far ahead codes by counter are looked for at most, whatever a realm says
)

// The ways in which one-time codes follow each other, as Keycloak names them.
const (
	otpByTime    = "totp"
	otpByCounter = "hotp"
)

// generator is what a credential of one-time codes says.
type generator struct {
	SubType        string `json:"subType"` // "totp" or "hotp"
	Digits         int    `json:"digits"`
	Period         int64  `json:"period"`  // seconds; of codes by time
	Counter        int64  `json:"counter"` // of the next code; of codes by counter
	Algorithm      string `json:"algorithm"`
	SecretEncoding string `json:"secretEncoding"`

	key []byte
}

// generator reads what makes the credential's codes; ok is false where that cannot be used.
func (c *Credential) generator() (g generator, ok bool) {
	var secret struct {
		Value string `json:"value"`
	}
	if c.Kind != KindOTP || json.Unmarshal([]byte(c.Data), &g) != nil || json.Unmarshal([]byte(c.Secret), &secret) != nil {
		return g, false
	}
	g.key = []byte(secret.Value)
	if g.SecretEncoding == "BASE32" {
		decoded, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret.Value)
		if err != nil {
			return g, false
		}
		g.key = decoded
	}
	return g, g.Digits >= 6 && g.Digits <= 8 && len(g.key) > 0
}

// Counts tells whether the credential's codes are by counter and not by time.
func (c *Credential) Counts() bool {
	g, ok := c.generator()
	return ok && g.SubType == otpByCounter
}

// CheckOTP tells whether code is one of the credential's one-time codes by time (RFC 6238) at now, or
// one step off; from until on it is not any more. What it does not check: that the code was not used
// before; who asks must see to that, and remember it until then. Codes by counter are TakeOTP's.
func (c *Credential) CheckOTP(code string, now time.Time) (until time.Time, ok bool) {
	g, ok := c.generator()
	if !ok || g.SubType != otpByTime || g.Period < 1 || g.Period > otpPeriod {
		return until, false
	}
	step := now.Unix() / g.Period
	return time.Unix((step+2*otpWindow+1)*g.Period, 0), g.find(code, step-otpWindow, step+otpWindow) >= 0
}

// TakeOTP uses a one-time code by counter up (RFC 4226 §7.2): the next one, or one of those that follow within a
// window, which somebody may have looked at in vain. All up to it are used up with it. It changes the credential,
// which has to be kept under the lock that it was read under.
func (c *Credential) TakeOTP(code string, window int) bool {
	g, ok := c.generator()
	if !ok || g.SubType != otpByCounter || g.Counter < 0 {
		return false
	}
	at := g.find(code, g.Counter, g.Counter+int64(min(max(window, 0), otpLongest)))
	if at < 0 {
		return false
	}
	var all map[string]json.RawMessage // what Keycloak writes beside stays
	if json.Unmarshal([]byte(c.Data), &all) != nil {
		return false
	}
	all["counter"], _ = json.Marshal(at + 1)
	data, _ := json.Marshal(all)
	c.Data = string(data)
	return true
}

// find is the counter between two, both included, whose code it is; -1 where there is none. It looks at all of them.
func (g *generator) find(code string, from, to int64) int64 {
	found, h := int64(-1), otpHash(g.Algorithm)
	for n := from; n <= to; n++ {
		if subtle.ConstantTimeCompare([]byte(code), []byte(oneTimeCode(h, g.key, n, g.Digits))) == 1 {
			found = n
		}
	}
	return found
}

// otpHash is the hash behind an algorithm's name in Keycloak.
func otpHash(name string) func() hash.Hash {
	switch name {
	case "HmacSHA256":
		return sha256.New
	case "HmacSHA512":
		return sha512.New
	}
	return sha1.New
}

// oneTimeCode is the code for a counter (RFC 4226 §5.3).
func oneTimeCode(h func() hash.Hash, key []byte, counter int64, digits int) string {
	mac := hmac.New(h, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(counter)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	text := strconv.FormatUint(uint64(modulus)+uint64(n%modulus), 10)
	return text[1:] // the leading 1 keeps leading zeros
}
