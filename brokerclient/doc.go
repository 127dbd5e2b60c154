// Package brokerclient gets access tokens for calls to other services: by exchanging the token of who called (RFC 8693), or for
// the program itself (client credentials).
//
//	c, err := brokerclient.New("https://id.example/realms/shop", brokerclient.SecretBasic("gateway", secret))
//	…
//	token, err := c.Exchange(ctx, brokerclient.Request{SubjectToken: t, Audience: []string{"orders"}})
//
// A Source keeps tokens until shortly before they expire, and a Transport puts them into requests: one HTTP client per
// service that is called, which exchanges the token of the request that is being served for one that this service accepts.
//
//	orders := &http.Client{Transport: &brokerclient.Transport{
//		Origin: "https://orders.example", Source: c.NewSource(), Audience: []string{"orders"},
//		Subject: bearer.TokenFromContext,
//	}}
//
// A program without a secret proves itself by a private key, by a token that its platform gives it (AssertionFile for
// Kubernetes, Assertion for GitHub Actions), or by a TLS certificate. Key makes the tokens that it gets worth nothing to who steals
// them (DPoP, RFC 9449).
//
// What the server refuses arrives as an *Error, with the server's code, description and, where Config.Explain is set and the
// server is Tokenhouse, with the changes that would turn the refusal into a grant. No error of this package holds a token or a
// secret.
//
// It works with Tokenhouse, with Keycloak, and with any server that has a discovery document and a token endpoint. It imports the
// standard library, go-jose for keys and signatures, and nothing else. It does not verify the tokens that it gets: they come from
// the issuer by TLS, and are for others to judge.
package brokerclient
