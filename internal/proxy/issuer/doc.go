// Package issuer is a client of an OpenID provider that people sign in to: it sends them there, redeems what they come back with,
// renews it and ends it.
//
// Answers of the token endpoint come straight from the issuer, by TLS, which stands in for the signature of ID tokens
// (OpenID Connect Core §3.1.3.7, 6). Access tokens are not looked at here: package bearer proves them each time they are used.
package issuer
