// Package realmfile makes realms of realm files, and realm files of realms.
//
// A file need not say much: what it leaves out is what Keycloak gives a new realm, from the documents
// in defaults. What it says in the way of an older Keycloak is first brought up to date. The package is
// pure; it makes no keys and hashes no passwords.
package realmfile
