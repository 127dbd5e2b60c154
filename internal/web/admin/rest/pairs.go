package rest

import "regexp"

// pair is a name and its value, either of them in quotes where it has blanks.
var pair = regexp.MustCompile(`(?:"([^"]+)"|([^\s":]+)):(?:"([^"]*)"|(\S*))`)

// Pairs reads the parameter "q", names and values as `team:red "home town":"New York"`. What is no pair is
// passed over, as Keycloak does.
func (r *Request) Pairs() map[string]string {
	out := map[string]string{}
	for _, m := range pair.FindAllStringSubmatch(r.URL.Query().Get("q"), -1) {
		out[m[1]+m[2]] = m[3] + m[4]
	}
	return out
}
