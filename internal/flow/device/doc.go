// Package device signs in devices that have no browser (RFC 8628): it gives them codes, takes the code that a user
// types in a browser elsewhere, and keeps what the user made of it. What the device is given then is the
// business of package grant.
package device
