// Package oauth holds the words of the protocol: error codes, grant types and token types,
// as the RFCs and Keycloak spell them.
package oauth
