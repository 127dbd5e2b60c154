package replay

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// jar is the cookies of a browser, by name and path. It sends them whatever their attribute Secure, as
// browsers do to this machine.
type jar map[[2]string]*http.Cookie

// take keeps the cookies that an answer sets, and drops those that it clears.
func (j jar) take(cookies []*http.Cookie) {
	for _, c := range cookies {
		key := [2]string{c.Name, c.Path}
		if cleared(c) {
			delete(j, key)
			continue
		}
		j[key] = c
	}
}

// give adds to a request the cookies of its path (RFC 6265 §5.1.4).
func (j jar) give(request *http.Request) {
	keys := slices.SortedFunc(maps.Keys(j), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys {
		if strings.HasPrefix(request.URL.Path+"/", strings.TrimRight(key[1], "/")+"/") {
			request.AddCookie(&http.Cookie{Name: key[0], Value: j[key].Value, Quoted: j[key].Quoted})
		}
	}
}

func cleared(c *http.Cookie) bool { return c.MaxAge < 0 || c.Value == "" }
