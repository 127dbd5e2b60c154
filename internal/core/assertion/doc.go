// Package assertion decides JWT authorization grants (RFC 7523 §2.1): may this client have a token for whom a JWT of an
// identity provider speaks of.
//
// A decision has two halves. Examine judges what can be judged at sight, and finds the provider; then the signature is
// checked, the jti used up and the user looked up, and Decide judges what came of that. Both are lists of rules, in
// Keycloak's order, which decides what a caller with two faults is told.
package assertion
