package render

import (
	"net/http"
	"strings"
)

const headerNonce = "DPoP-Nonce"

// TellNonce tells what the caller's next DPoP proofs are to name (RFC 9449 §8.2).
func TellNonce(h http.Header, nonce string) { h.Set(headerNonce, nonce) }

// Expose lets the scripts of a page read headers of the answer (Fetch standard §3.2.5), a nonce for proofs among them where one is
// told.
func Expose(h http.Header, names ...string) {
	if h.Get(headerNonce) != "" {
		names = append(names, headerNonce)
	}
	if len(names) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(names, ", "))
	}
}
