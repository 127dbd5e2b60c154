// Package grant does the token endpoint's work: it redeems grants for tokens, one file per grant type.
//
// Every grant is a short story with the same beginning (issuer.go: the realm, the client, the shape
// of the request) and the same end (issue.go: claims, signatures, answer), and one event
// whatever comes of it.
package grant
