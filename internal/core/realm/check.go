package realm

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// Validate checks what the draft touched, and what must not be taken from under it. The first thing
// that cannot be accepted is a *fault.Invalid, in Keycloak's words where Keycloak has any. Whether
// names are free is for the store to tell.
func (d *Draft) Validate() error {
	for _, c := range d.Changes() {
		if err := d.check(c); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) check(c Change) error {
	switch doc := c.Doc.(type) {
	case nil:
		return d.checkDeleted(c)
	case *Settings:
		return CheckSettings(doc)
	case *Client:
		return CheckClient(&d.now, doc)
	case *ClientScope:
		return CheckScope(doc)
	case *Role:
		return CheckRole(doc)
	}
	return nil
}

func (d *Draft) checkDeleted(c Change) error {
	if c.Kind == KindRole && c.Key == d.now.DefaultRole {
		return &fault.Invalid{Message: "the default role of the realm cannot be removed."}
	}
	return nil
}

// CheckName refuses a realm name that cannot be part of a URL.
func CheckName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return &fault.Invalid{Message: "Realm name cannot be empty"}
	case len(name) > longestName:
		return &fault.Invalid{Message: "Realm name is longer than 255 characters"}
	}
	return CheckReserved(name)
}

// longestName is what Keycloak's columns hold.
const longestName = 255

// CheckReserved refuses a text with a character that has a meaning in URLs, or that nobody can see.
func CheckReserved(s string) error {
	if i := strings.IndexAny(s, reserved); i >= 0 {
		return &fault.Invalid{Message: "Character '" + s[i:i+1] + "' not allowed."}
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return &fault.Invalid{Message: "Control characters are not allowed."}
	}
	return nil
}

// reserved are the characters of RFC 3986 §2.2 but for the apostrophe, and the backslash.
const reserved = ":/?#[]@!$&()*+,;=\\"

// CheckSettings refuses settings that contradict themselves.
func CheckSettings(s *Settings) error {
	if err := CheckName(s.Name); err != nil {
		return err
	}
	idle, longest := s.sessionLimits()
	switch {
	case s.Lifespans.ClientIdle > idle:
		return &fault.Invalid{Field: "clientSessionIdleTimeout", Message: "Client Session Idle Timeout cannot be greater than Realm SSO Idle Timeout."}
	case s.Lifespans.ClientMax > longest:
		return &fault.Invalid{Field: "clientSessionMaxLifespan", Message: "Client session max lifespan cannot exceed realm SSO session max lifespan."}
	case !slices.Contains([]string{"none", "external", "all"}, s.SSLRequired):
		return &fault.Invalid{Field: "sslRequired", Message: s.SSLRequired + " is none of none, external, all"}
	}
	return nil
}

// sessionLimits are how long a session can be idle, and how long it can last, remembered ones included.
func (s *Settings) sessionLimits() (idle, longest time.Duration) {
	l := s.Lifespans
	return max(l.SessionIdle, l.SessionIdleRemember), max(l.SessionMax, l.SessionMaxRemember)
}

// CheckScope refuses a client scope that cannot be asked for: the parameter "scope" parts names at
// blanks (RFC 6749 §3.3).
func CheckScope(s *ClientScope) error {
	if !scopeName(s.Name) {
		return &fault.Invalid{Field: "name", Message: "Unexpected name \"" + s.Name + "\" for ClientScope"}
	}
	if s.Protocol != "openid-connect" && s.Protocol != "saml" {
		return &fault.Invalid{Field: "protocol", Message: "Unexpected protocol"}
	}
	return nil
}

// scopeName tells whether a text is a scope-token of RFC 6749 §3.3, and not too long.
func scopeName(s string) bool {
	if s == "" || len(s) > longestName {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c == '"' || c == '\\' || c == 0x7f {
			return false
		}
	}
	return true
}

// CheckRole refuses a role without a name.
func CheckRole(r *Role) error {
	switch {
	case strings.TrimSpace(r.Name) == "":
		return &fault.Invalid{Field: "name", Message: "role has no name"}
	case len(r.Name) > longestName:
		return &fault.Invalid{Field: "name", Message: "Role name is longer than 255 characters"}
	}
	return nil
}
