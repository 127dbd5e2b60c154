package resource

import (
	"net/http"
	"strings"
)

// Odd tells whether the name of a header is one that servers may take for another: they make variables of names, in which all marks are
// the same.
func Odd(header string) bool {
	return strings.ContainsFunc(header, func(c rune) bool { return c != '-' && !alphanumeric(c) })
}

// ReadAs is the name that lenient servers take a header's for: to many, X_Auth_Roles is X-Auth-Roles, and so is X.Auth.Roles to some.
func ReadAs(header string) string {
	return http.CanonicalHeaderKey(strings.Map(func(c rune) rune {
		if alphanumeric(c) {
			return c
		}
		return '-'
	}, header))
}

func alphanumeric(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
