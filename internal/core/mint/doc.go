// Package mint composes the claims of access, ID and refresh tokens, and of what the endpoints tell
// about them.
//
// Scopes, roles and audience are decided before, by package audience; here the other mappers write
// what is left, and the filter of an exchange is applied to the roles of clients.
package mint
