package resource

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// overrides are where servers look for another method than that of the request.
var overrides = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"}

// maxMethods is how many methods a request may be of: each is looked up by each reading of the path, so that more would only keep the
// gatekeeper busy.
const maxMethods = 8

// Methods are those that a server may take a request for, the first being its own. One in the form of a body is not seen. Of more than
// there may be, some are left out.
func Methods(r *http.Request) []string {
	all := []string{r.Method}
	add := func(m string) {
		if m = strings.ToUpper(m); m != "" && len(all) <= maxMethods && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	add(strings.TrimSpace(r.Method)) // in capitals
	words := func(value string) {
		for word := range strings.FieldsFuncSeq(value, func(c rune) bool { return c != '-' && c != '_' && !alphanumeric(c) }) {
			add(word) // servers that look for one in "DELETE, x" take the first, or the last
		}
	}
	for name, values := range r.Header {
		if !strings.Contains(name, "ethod") || !slices.Contains(overrides, ReadAs(name)) {
			continue
		}
		for _, value := range values {
			words(value)
		}
	}
	if q := r.URL.RawQuery; strings.Contains(q, "method") || strings.Contains(q, "%") {
		for pair := range strings.FieldsFuncSeq(q, func(c rune) bool { return c == '&' || c == ';' }) {
			if name, value, _ := strings.Cut(pair, "="); namesMethod(name) {
				words(unescaped(value))
			}
		}
	}
	return all
}

// namesMethod tells whether servers may take the name of a parameter for _method: PHP makes underscores of marks, and cuts off "[]".
func namesMethod(name string) bool {
	name, _, _ = strings.Cut(strings.NewReplacer(".", "_", " ", "_").Replace(unescaped(name)), "[")
	return name == "_method"
}

// unescaped is a part of a query, as it is where it cannot be unescaped.
func unescaped(part string) string {
	if plain, err := url.QueryUnescape(part); err == nil {
		return plain
	}
	return part
}
