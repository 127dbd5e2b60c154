// Package keycloak speaks Keycloak's JSON: it reads and writes its representations, and loses
// nothing of what it reads.
//
// Each noun has a struct that mirrors the wire and two functions: ToX makes the core value of a
// representation, FromX the representation of a core value. What core has no field for stays in the
// value's Extra as it came, so that a file that is exported, imported and exported again is the same.
//
// The package is pure: it reads no environment and no clock, and makes no keys.
package keycloak
