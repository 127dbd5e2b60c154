// Package revoke takes tokens back: the revocation endpoint (RFC 7009), and sign-out by refresh token.
package revoke
