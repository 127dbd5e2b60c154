package user_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// The vectors of RFC 6238 appendix B.
func TestCheckOTP(t *testing.T) {
	const (
		sha1   = `{"subType":"totp","digits":8,"period":30,"algorithm":"HmacSHA1"}`
		sha256 = `{"subType":"totp","digits":8,"period":30,"algorithm":"HmacSHA256"}`
		sha512 = `{"subType":"totp","digits":8,"period":30,"algorithm":"HmacSHA512"}`
		six    = `{"subType":"totp","digits":6,"period":30,"algorithm":"HmacSHA1"}`
		coded  = `{"subType":"totp","digits":8,"period":30,"algorithm":"HmacSHA1","secretEncoding":"BASE32"}`
		hotp   = `{"subType":"hotp","digits":8,"counter":1,"algorithm":"HmacSHA1"}`
		long   = `{"subType":"totp","digits":8,"period":3600,"algorithm":"HmacSHA1"}`
		key20  = `{"value":"12345678901234567890"}`
		key32  = `{"value":"12345678901234567890123456789012"}`
		key64  = `{"value":"1234567890123456789012345678901234567890123456789012345678901234"}`
		key20c = `{"value":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}`
	)
	tests := map[string]struct {
		data, secret, code string
		at                 int64
		want               bool
	}{
		"sha1":              {sha1, key20, "94287082", 59, true},
		"sha1 later":        {sha1, key20, "07081804", 1111111109, true},
		"sha256":            {sha256, key32, "46119246", 59, true},
		"sha512":            {sha512, key64, "90693936", 59, true},
		"six digits":        {six, key20, "287082", 59, true},
		"base32":            {coded, key20c, "94287082", 59, true},
		"one step late":     {sha1, key20, "94287082", 89, true},
		"one step early":    {sha1, key20, "94287082", 29, true},
		"two steps late":    {sha1, key20, "94287082", 120, false},
		"wrong":             {sha1, key20, "94287083", 59, false},
		"too short":         {sha1, key20, "9428708", 59, false},
		"empty":             {sha1, key20, "", 59, false},
		"other key":         {sha1, key32, "94287082", 59, false},
		"long steps":        {long, key20, "94287082", 3600 + 1800, true},
		"longer than a day": {`{"subType":"totp","digits":8,"period":86401,"algorithm":"HmacSHA1"}`, key20, "94287082", 86402, false},
		"by counter":        {hotp, key20, "94287082", 59, false},
		"no secret":         {sha1, `{"value":""}`, "94287082", 59, false},
		"data unreadable":   {"", key20, "94287082", 59, false},
		"broken base32":     {coded, key20, "94287082", 59, false},
		"nothing to check":  {sha1, "", "", 59, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := user.Credential{Kind: user.KindOTP, Data: tt.data, Secret: tt.secret}
			until, got := c.CheckOTP(tt.code, time.Unix(tt.at, 0))
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if _, later := c.CheckOTP(tt.code, until); later {
				t.Errorf("still good at %v", until)
			}
		})
	}
}

// The vectors of RFC 4226 appendix D: each code works once, and uses up those before it.
func TestTakeOTP(t *testing.T) {
	codes := []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}
	const window = 2
	c := user.NewOTP(user.OTPPolicy{Type: "hotp"}.OrDefault(), "phone", "12345678901234567890", "", time.Unix(0, 0))
	if _, byTime := c.CheckOTP(codes[0], time.Unix(0, 0)); byTime || !c.Counts() {
		t.Error("it is taken for a generator by time")
	}
	for i, step := range []struct {
		code  string
		taken bool
	}{
		{codes[0], true}, {codes[0], false}, {codes[4], false}, {codes[3], true}, {codes[1], false}, {codes[2], false}, {"", false}, {codes[4], true}, {codes[5], true},
		{codes[9], false}, {codes[8], true}, {codes[9], true},
	} {
		if got := c.TakeOTP(step.code, window); got != step.taken {
			t.Errorf("step %d: %s taken %v", i, step.code, got)
		}
	}
	byTime := user.NewOTP(user.OTPPolicy{}.OrDefault(), "phone", "12345678901234567890", "", time.Unix(0, 0))
	negative := user.Credential{Kind: user.KindOTP, Data: `{"subType":"hotp","digits":6,"counter":-1}`, Secret: c.Secret}
	if byTime.Counts() || byTime.TakeOTP(codes[0], window) || negative.TakeOTP(codes[0], window) {
		t.Error("a code of another kind was taken")
	}
}

func TestOTPAddress(t *testing.T) {
	p := user.OTPPolicy{Type: "hotp", Counter: 5}.OrDefault()
	if got, want := p.Address("The Club", "ann", "secret"), "otpauth://hotp/The%20Club:ann?secret=ONSWG4TFOQ&digits=6&algorithm=SHA1&issuer=The%20Club&counter=5"; got != want {
		t.Errorf("got %s", got)
	}
}
