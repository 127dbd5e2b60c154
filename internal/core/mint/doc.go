// Package mint composes the claims of access, ID and refresh tokens, and of what the endpoints tell
// about them.
package mint
