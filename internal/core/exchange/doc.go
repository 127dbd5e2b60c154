// Package exchange decides a token exchange (RFC 8693): may this client exchange this token, and for
// what.
//
// The decision is one list of rules, evaluated in order; the first that refuses ends it. The rules of
// Keycloak's standard token exchange come first and in Keycloak's order, since the order decides what
// a caller with two faults is told; ours follow. Nobody but the rules says no: what the conductor in
// flow/grant finds out beforehand, that the subject token is not valid say, it hands over, and
// the rule whose turn it is refuses.
package exchange
