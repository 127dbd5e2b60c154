package rest

import (
	"iter"
	"regexp"
)

// pair is a name and its value, either of them in quotes where it has blanks.
var pair = regexp.MustCompile(`(?:"([^"]+)"|([^\s":]+)):(?:"([^"]*)"|(\S*))`)

// Pairs reads the parameter "q", names and values as `team:red "home town":"New York"`, in their order. What
// is no pair is passed over, as Keycloak does.
func (r *Request) Pairs() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, m := range pair.FindAllStringSubmatch(r.URL.Query().Get("q"), -1) {
			if !yield(m[1]+m[2], m[3]+m[4]) {
				return
			}
		}
	}
}
