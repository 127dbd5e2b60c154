// Package kcadm is what kcadm, Keycloak's administration command, does: attribute expressions over JSON, field
// filters, CSV, its configuration file and its HTTP client.
//
// What is printed where, and what the command line looks like, is the business of package cli.
package kcadm
