// Package inspect tells what a token says: introspection (RFC 7662) and userinfo (OpenID Connect
// Core §5.3).
package inspect
