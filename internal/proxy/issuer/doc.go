// Package issuer is a client of an OpenID provider that people sign in to: it sends them there, redeems what they come back with,
// renews it and ends it.
//
// Answers of the token endpoint come straight from the issuer. ID tokens are proven all the same, by Config.Signed: the way from the
// issuer may be plain HTTP, and a proxy on it. Access tokens are not looked at here: package bearer proves them each time they are used.
package issuer
