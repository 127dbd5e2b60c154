// Package proof decides what binds a token to its holder: proofs of possession (DPoP, RFC 9449) and TLS
// client certificates (RFC 8705).
//
// Check says whether a proof was made for a request and by which key; Match whether that key is the one that a
// token is bound to. That a proof was not used before takes memory, and is for flow/verify to ask.
package proof
