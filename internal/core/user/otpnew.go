package user

import (
	"encoding/base32"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OTPPolicy is how new generators of one-time codes work.
type OTPPolicy struct {
	Type      string // "totp", by time, or "hotp", by counter
	Algorithm string // "HmacSHA1", "HmacSHA256" or "HmacSHA512"
	Digits    int    // 6 or 8
	Period    int    // seconds; of codes by time
	Counter   int    // that generators by counter begin with
	Window    int    // how many codes by counter may have been passed over
}

// OrDefault puts Keycloak's defaults in the place of what is not usable.
func (p OTPPolicy) OrDefault() OTPPolicy {
	if p.Type != otpByCounter {
		p.Type = otpByTime
	}
	if !slices.Contains([]string{"HmacSHA1", "HmacSHA256", "HmacSHA512"}, p.Algorithm) {
		p.Algorithm = "HmacSHA1"
	}
	if p.Digits < 6 || p.Digits > 8 {
		p.Digits = 6
	}
	if p.Period < 1 || p.Period > otpPeriod {
		p.Period = 30
	}
	p.Counter, p.Window = max(p.Counter, 0), max(p.Window, 0)
	return p
}

// NewOTP is the credential of a generator with a secret, which is taken byte by byte. Its id is the caller's.
func NewOTP(p OTPPolicy, id, secret, label string, now time.Time) Credential {
	data, _ := json.Marshal(map[string]any{"subType": p.Type, "digits": p.Digits, "counter": p.Counter, "period": p.Period, "algorithm": p.Algorithm})
	kept, _ := json.Marshal(map[string]string{"value": secret})
	return Credential{ID: id, Kind: KindOTP, Label: label, Created: now, Data: string(data), Secret: string(kept)}
}

// EncodedSecret is a secret as generators take it (base32), in groups of four for people to type.
func EncodedSecret(secret string) string {
	encoded := encode(secret)
	var groups []string
	for chunk := range slices.Chunk([]byte(encoded), 4) {
		groups = append(groups, string(chunk))
	}
	return strings.Join(groups, " ")
}

func encode(secret string) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(secret))
}

// Address is the otpauth URI that sets a generator up (Key URI format of Google Authenticator).
func (p OTPPolicy) Address(issuer, username, secret string) string {
	q := []string{
		"secret=" + encode(secret), "digits=" + strconv.Itoa(p.Digits), "algorithm=" + strings.TrimPrefix(p.Algorithm, "Hmac"),
		"issuer=" + url.PathEscape(issuer),
	}
	if p.Type == otpByCounter {
		q = append(q, "counter="+strconv.Itoa(p.Counter))
	} else {
		q = append(q, "period="+strconv.Itoa(p.Period))
	}
	return "otpauth://" + p.Type + "/" + url.PathEscape(issuer) + ":" + url.PathEscape(username) + "?" + strings.Join(q, "&")
}
