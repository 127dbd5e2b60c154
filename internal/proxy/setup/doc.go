// Package setup reads the options of a gatekeeper: those of Keycloak Gatekeeper, by their names, from flags, from environment variables
// and from a file in YAML or JSON; and some of our own.
//
// What Keycloak Gatekeeper had and this one has not is refused by its name, with the reason: a setting that is passed over in silence
// would be one that somebody relies on.
package setup
