// Package oidc translates the protocol endpoints of a realm to flows and back: tokens, introspection,
// userinfo, revocation, logout, keys and discovery.
//
// A handler decodes a request, calls one flow method and encodes what comes of it. What may be
// asked, by whom and with what outcome is decided elsewhere.
package oidc
