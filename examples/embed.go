// Package examples holds a realm to try things with: a small shop whose storefront calls a gateway,
// which exchanges tokens for the services behind it.
package examples

import _ "embed"

// Shop is a realm file in Keycloak's representation. Its passwords and secrets are for trying
// things out on one's own machine.
//
//go:embed shop.json
var Shop []byte
