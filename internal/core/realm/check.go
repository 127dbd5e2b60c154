package realm

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// CheckName refuses a realm name that cannot be part of a URL, in Keycloak's words.
func CheckName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return &fault.Invalid{Message: "Realm name cannot be empty"}
	case len(name) > longestName:
		return &fault.Invalid{Message: "Realm name is longer than 255 characters"}
	}
	return CheckReserved(name)
}

// longestName is what Keycloak's columns hold, in bytes.
const longestName = 255

// CheckReserved refuses a text with a character that has a meaning in URLs.
func CheckReserved(s string) error {
	if i := strings.IndexAny(s, reserved); i >= 0 {
		return &fault.Invalid{Message: "Character '" + s[i:i+1] + "' not allowed."}
	}
	return nil
}

// reserved are the characters of RFC 3986 §2.2 but for the apostrophe, and the backslash.
const reserved = ":/?#[]@!$&()*+,;=\\"
