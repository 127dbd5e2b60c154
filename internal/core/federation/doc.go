// Package federation decides what is asked of an upstream issuer, and what its answers mean here: who a
// person is, and what mappers make of them.
//
// A sign-in reads as: Read the provider's Settings; send the browser to AuthorizationURL; with the code it
// brings back make a CodeRequest and Authenticate it; Verify the ID token by the provider's keys and
// CheckIDToken; fetch the profile where FetchesProfile; make a Person of it all and Preprocess it; then
// Import or Update applies the mappers to a new or a known user. The HTTP in between is package upstream's.
package federation
