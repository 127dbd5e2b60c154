package subject

import (
	"crypto/x509"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
)

// Is tells whether the subject of a certificate is the expected one, written as of RFC 4514 (RFC 8705 §2.1.2): the same
// attributes with the same values, in capitals and small letters as they are, in the same order.
func Is(c *x509.Certificate, expected string) bool {
	have, ok1 := decode(c.RawSubject)
	want, ok2 := parse(expected)
	return ok1 && ok2 && slices.EqualFunc(have, want, sameRelative)
}

// sameRelative compares attributes that are joined by "+", which have no order.
func sameRelative(a, b relative) bool {
	if len(a) != len(b) {
		return false
	}
	for _, one := range a {
		if !slices.Contains(b, one) {
			return false
		}
	}
	for _, one := range b {
		if !slices.Contains(a, one) {
			return false
		}
	}
	return true
}

// Matches tells whether the subject of a certificate, as Java writes it, matches a whole regular expression of Java's. One
// that cannot be read matches nothing.
func Matches(c *x509.Certificate, expression string) bool {
	have, ok := decode(c.RawSubject)
	if !ok {
		return false
	}
	p, err := pattern.Compile(expression)
	return err == nil && p.Matches(have.java())
}
