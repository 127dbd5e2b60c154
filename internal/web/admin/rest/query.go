package rest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

var (
	errQuery   = &render.Status{Code: http.StatusBadRequest, Text: "HTTP 400 Bad Request", Description: "Malformed query"}
	errControl = &render.Status{Code: http.StatusBadRequest, Text: "Blocking invalid query parameter value"}
)

// withQuery is the request with parameters that can be read one by one: a semicolon ends one too, as in Keycloak, and
// what is no UTF-8 is replaced. The standard library would leave out what it cannot read, and a list without one of
// its conditions holds more than was asked for.
func withQuery(r *http.Request) (*http.Request, error) {
	raw := strings.ToValidUTF8(strings.ReplaceAll(r.URL.RawQuery, ";", "&"), "\ufffd")
	parameters, err := url.ParseQuery(raw)
	if err != nil {
		return r, errQuery
	}
	valid := true
	for _, values := range parameters {
		for i, value := range values {
			if strings.ContainsFunc(value, isControl) {
				return r, errControl
			}
			values[i] = strings.ToValidUTF8(value, "\ufffd")
			valid = valid && values[i] == value
		}
	}
	if !valid {
		raw = parameters.Encode()
	}
	if raw == r.URL.RawQuery {
		return r, nil
	}
	u := *r.URL
	u.RawQuery = raw
	other := *r
	other.URL = &u
	return &other, nil
}

// isControl tells which characters no parameter has.
func isControl(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' }
