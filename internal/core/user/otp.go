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
	otpWindow = 1            // how many steps a clock may be off, either way
	otpPeriod = 24 * 60 * 60 // how long a step may be, in seconds
)

// CheckOTP tells whether code is one of the credential's one-time codes by time (RFC 6238) at now, or
// one step off; from until on it is not any more. What it does not check: that the code was not used
// before; who asks must see to that, and remember it until then. Codes by counter (RFC 4226) are not
// accepted.
func (c *Credential) CheckOTP(code string, now time.Time) (until time.Time, ok bool) {
	var data struct {
		SubType        string `json:"subType"`
		Digits         int    `json:"digits"`
		Period         int64  `json:"period"`
		Algorithm      string `json:"algorithm"`
		SecretEncoding string `json:"secretEncoding"`
	}
	var secret struct {
		Value string `json:"value"`
	}
	if json.Unmarshal([]byte(c.Data), &data) != nil || json.Unmarshal([]byte(c.Secret), &secret) != nil {
		return until, false
	}
	if c.Kind != KindOTP || data.SubType != "totp" || data.Period < 1 || data.Period > otpPeriod || data.Digits < 6 || data.Digits > 8 || secret.Value == "" {
		return until, false
	}
	key := []byte(secret.Value)
	if data.SecretEncoding == "BASE32" {
		decoded, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret.Value)
		if err != nil {
			return until, false
		}
		key = decoded
	}
	step, right := now.Unix()/data.Period, 0
	for s := step - otpWindow; s <= step+otpWindow; s++ {
		right |= subtle.ConstantTimeCompare([]byte(code), []byte(oneTimeCode(otpHash(data.Algorithm), key, s, data.Digits)))
	}
	return time.Unix((step+2*otpWindow+1)*data.Period, 0), right == 1
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
