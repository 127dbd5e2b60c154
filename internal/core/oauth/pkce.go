package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// The code challenge methods of RFC 7636 §4.2.
const (
	ChallengePlain = "plain"
	ChallengeS256  = "S256"
)

// ValidVerifier tells whether a code verifier, or a challenge, has the shape that RFC 7636 §4.1 asks for: 43
// to 128 unreserved characters.
func ValidVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for _, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return true
}

// VerifyPKCE tells whether a verifier answers a challenge (RFC 7636 §4.6). An unknown method never does.
func VerifyPKCE(challenge, method, verifier string) bool {
	answer := verifier
	switch method {
	case ChallengeS256:
		sum := sha256.Sum256([]byte(verifier))
		answer = base64.RawURLEncoding.EncodeToString(sum[:])
	case ChallengePlain:
	default:
		return false
	}
	return subtle.ConstantTimeCompare([]byte(answer), []byte(challenge)) == 1
}
