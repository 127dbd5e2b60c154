package signout

import (
	"net/url"
	"strings"
)

// withQuery adds parameters, as name and value in turn, to an address, before its fragment.
func withQuery(address string, pairs ...string) string {
	address, fragment, hasFragment := strings.Cut(address, "#")
	for i := 0; i < len(pairs); i += 2 {
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		address += separator + url.QueryEscape(pairs[i]) + "=" + url.QueryEscape(pairs[i+1])
	}
	if hasFragment {
		address += "#" + fragment
	}
	return address
}
