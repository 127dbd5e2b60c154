// Package keyring owns the keys of realms: it makes them, signs and verifies with them, publishes
// and rotates them.
//
// A realm's keys are its key providers. Of those enabled, the active one with the highest priority
// signs; the others of its algorithm only verify. So a key is rotated by adding one above it, and
// retired by making it passive and, when its last token has expired, disabling it: no token fails
// on the way.
//
// What a token says is not looked at here: whether it has expired, whom it is for, whether it was
// revoked. That is package verify.
package keyring
