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
