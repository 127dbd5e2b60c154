package manage

import "crypto/rand"

// newSecret makes a client secret: 32 letters and digits, as Keycloak's.
func newSecret() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, 32)
	var random [64]byte
	for len(out) < 32 {
		rand.Read(random[:])
		for _, b := range random {
			// Bytes past the last whole multiple would make some letters likelier than others.
			if int(b) < 256/len(letters)*len(letters) && len(out) < 32 {
				out = append(out, letters[int(b)%len(letters)])
			}
		}
	}
	return string(out)
}
