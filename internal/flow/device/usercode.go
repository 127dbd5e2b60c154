package device

import (
	"crypto/rand"
	"strings"
)

// letters are those of user codes: consonants, so that they spell nothing, and none that is taken for another. With
// eight of them there are 2.5 · 10¹⁰ codes (RFC 8628 §6.1). As Keycloak's.
const letters = "BCDFGHJKLMNPQRSTVWXZ"

// half is how many letters are on each side of the dash.
const half = 4

// NewUserCode makes a user code: eight letters, unguessable.
func NewUserCode() string {
	var code [2 * half]byte
	for i := 0; i < len(code); {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails
		if n := int(b[0]); n < 256-256%len(letters) {
			code[i] = letters[n%len(letters)]
			i++
		}
	}
	return string(code[:])
}

// shown is a user code as people read it.
func shown(code string) string { return code[:half] + "-" + code[half:] }

// typed is a user code as somebody typed it: dashes and capitals do not matter, all else does.
func typed(text string) string { return strings.ToUpper(strings.ReplaceAll(text, "-", "")) }
