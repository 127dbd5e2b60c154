package caller

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// headerDPoP is the header DPoP as package http spells it.
const headerDPoP = "Dpop"

// Sent is what a request brings to prove that its sender has a key or a certificate. base is the server's URL as the sender knows it:
// the caller's own, or that of the realm that is asked.
func (c Caller) Sent(r *http.Request, base string) verify.Sent {
	return verify.Sent{Certificate: c.Certificate, Proofs: r.Header[headerDPoP], Method: r.Method, URL: base + r.URL.EscapedPath()}
}
