// Package proxy is an authenticating reverse proxy: it lets requests through to a server that knows nothing of tokens, if who
// sends them is signed in or has an access token that is for it, and tells that server who it is.
//
// It decides nothing about people: who gets which token is the issuer's to say, package bearer proves tokens, and the rules of
// resources are its configuration's. New makes the handler, Run serves it.
package proxy
