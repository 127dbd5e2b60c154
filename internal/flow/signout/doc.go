// Package signout ends sessions in browsers, and tells clients that sessions ended.
//
// A browser signs out at the client's wish (OpenID Connect RP-Initiated Logout 1.0): at once where an ID
// token shows that the client knows the session, else after a page has asked. Clients learn of it by a token that
// the server sends them (Back-Channel Logout 1.0), or by a page that opens their addresses in hidden frames
// (Front-Channel Logout 1.0).
package signout
