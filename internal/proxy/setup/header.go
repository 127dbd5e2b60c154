package setup

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/proxy/forward"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
)

// hop are headers of one connection, beside those that frame messages. None of them is for options to say: libraries pass over some, and
// believe others.
var hop = []string{"Keep-Alive", "Proxy-Connection"}

// checkHeader refuses a header that could not be sent.
func checkHeader(name, value string) error {
	const marks = "!#$%&'*+-.^_`|~" // RFC 9110 §5.6.2
	odd := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune(marks, c)
	}
	canonical := http.CanonicalHeaderKey(name)
	switch {
	case name == "" || strings.ContainsFunc(name, odd):
		return invalid("names " + strconv.Quote(name) + ", which is no name of a header")
	case forward.Frames(canonical), slices.Contains(hop, canonical):
		return invalid("names " + name + ", which HTTP sets itself")
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return invalid("has control characters in the value of " + name)
	}
	return nil
}

// headers reads headers that are added to messages.
func headers(field func(*Settings) *map[string]string) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		all, err := split(v)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if err := checkHeader(name, all[name]); err != nil {
				return err
			}
		}
		*field(s) = all
		return nil
	}
}

// claims reads claims that become headers.
func claims(s *Settings, v []string) error {
	for _, one := range v {
		claim, header := identity.HeaderOf(one)
		if claim == "" {
			return invalid(strconv.Quote(one) + " names no claim")
		}
		if err := checkHeader(header, ""); err != nil {
			return err
		}
		if strings.HasSuffix(header, "-") {
			return invalid(strconv.Quote(one) + " needs the name of a header, as " + one + "|X-Name")
		}
	}
	s.Told.Claims = v
	return nil
}

// requestName reads the name of a header that comes from callers, and so can be none of those that do not.
func requestName(s *Settings, v []string) error {
	s.requestName = http.CanonicalHeaderKey(v[0])
	if forward.Believed(s.requestName) {
		return invalid("names " + v[0] + ", which the gatekeeper says itself")
	}
	return checkHeader(v[0], "")
}
