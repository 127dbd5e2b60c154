// Package authflow holds authentication flows, their settings and required actions the way that a realm
// keeps them: in Keycloak's export form, with an id for everything that its administration API names by id.
//
// Nothing here signs anybody in.
package authflow
