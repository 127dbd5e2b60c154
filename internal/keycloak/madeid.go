package keycloak

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// MadeID is the id of something that came without one: the same for the same names, in the form of a UUID
// (RFC 9562 §5.8). Realm files leave out the ids of executions, say, and whoever asks for one twice has
// to get the same answer although nothing was stored in between.
func MadeID(names ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	sum[6] = sum[6]&0x0f | 0x80 // version 8: made as the maker likes
	sum[8] = sum[8]&0x3f | 0x80
	text := hex.EncodeToString(sum[:16])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
