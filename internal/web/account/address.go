package account

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// address is an address of the account of a realm.
type address struct {
	realm   string // its name
	version string // of the API, as the address names it; empty where it names none
	path    string // escaped, without version and without a slash at the end
}

var versioned = regexp.MustCompile(`^v\d[0-9a-zA-Z_-]*$`)

// version is the only one of the API.
const version = "v1alpha1"

// addressOf reads an address; ok is false where it is none of an account. A slash at its end means nothing.
func addressOf(u *url.URL) (a address, ok bool) {
	parts := strings.Split(strings.TrimSuffix(u.EscapedPath(), "/"), "/")
	if len(parts) < 4 || parts[0] != "" || parts[1] != "realms" || parts[3] != "account" {
		return a, false
	}
	name, err := url.PathUnescape(parts[2])
	if err != nil {
		return a, false
	}
	a.realm = name
	if len(parts) > 4 && versioned.MatchString(parts[4]) {
		a.version = parts[4]
		parts = append(parts[:4], parts[5:]...)
	}
	a.path = strings.Join(parts, "/")
	return a, path.Clean(a.path) == a.path
}

// of is the request with the address as routes know it.
func (a address) of(r *http.Request) *http.Request {
	u := *r.URL
	u.Path, _ = url.PathUnescape(a.path) // a part of what was parsed
	u.RawPath = a.path
	other := *r
	other.URL = &u
	return &other
}

// wantsJSON tells requests to the API from those for pages.
func wantsJSON(r *http.Request) bool {
	for _, header := range []string{"Accept", "Content-Type"} {
		for _, value := range r.Header[header] {
			for kind := range strings.SplitSeq(value, ",") {
				if kind, _, err := mime.ParseMediaType(kind); err == nil && kind == "application/json" {
					return true
				}
			}
		}
	}
	return false
}
