package oidc

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// maxBody is the largest body that is read, in bytes; maxFields the most parameters in it, and
// maxValue the longest value of one that is no token, in bytes: Keycloak's limits too.
const (
	maxBody   = 64 << 10
	maxFields = 256
	maxValue  = 4000
)

var errMalformed = oauth.Errorf(oauth.InvalidRequest, "Malformed form")

// tokens are the parameters that hold a token, and may be as long as the body.
var tokens = []string{"access_token", "actor_token", "assertion", "client_assertion", "id_token_hint",
	"logout_token", "refresh_token", "request", "subject_token", "token"}

// form is the parameters of a request, in their order.
type form []field

type field struct{ name, value string }

// readForm reads the parameters in the body. A body that is no form has none: parameters count
// neither in JSON nor in the query, where logs would keep them (RFC 6749 §2.3.1).
func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	if r.ContentLength > maxBody {
		return nil, &http.MaxBytesError{Limit: maxBody}
	}
	if !isForm(r.Header.Get("Content-Type")) {
		return nil, nil
	}
	body, err := readBody(w, r)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, err
	}
	if err != nil { // the caller broke off
		return nil, errMalformed.Because(err)
	}
	return parseForm(string(body))
}

const formType = "application/x-www-form-urlencoded"

func isForm(contentType string) bool {
	if contentType == formType {
		return true
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == formType
}

// readBody reads a body whole. Where its length is told, room is made once.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// parseForm decodes a body as HTML forms are encoded. Text that is not UTF-8, or holds a NUL, is
// refused rather than repaired: no parameter is altered on its way in.
func parseForm(body string) (form, error) {
	f := make(form, 0, min(strings.Count(body, "&")+1, maxFields))
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		if len(f) == maxFields {
			return nil, errMalformed
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, ok1 := unescape(rawName)
		value, ok2 := unescape(rawValue)
		if !ok1 || !ok2 {
			return nil, errMalformed
		}
		if len(value) > maxValue && !slices.Contains(tokens, name) {
			// Keycloak goes on as if it had not come; a parameter that was lost may have been a limit.
			return nil, oauth.Errorf(oauth.InvalidRequest, "The size of OIDC parameter '%s' is longer than allowed.", shown(name))
		}
		f = append(f, field{name, value})
	}
	return f, nil
}

// shown is a parameter's name as an error repeats it: not at any length.
func shown(name string) string {
	const most = 64
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

func unescape(s string) (string, bool) {
	s, err := url.QueryUnescape(s)
	return s, err == nil && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// get is the first value of a parameter, or nil.
func (f form) get(name string) *string {
	for i := range f {
		if f[i].name == name {
			return &f[i].value
		}
	}
	return nil
}

// text is the first value of a parameter, or "".
func (f form) text(name string) string {
	if v := f.get(name); v != nil {
		return *v
	}
	return ""
}

// all are the values of a parameter that may come more than once.
func (f form) all(name string) []string {
	var out []string
	for i := range f {
		if f[i].name == name {
			out = append(out, f[i].value)
		}
	}
	return out
}

// repeated tells whether a parameter came more than once, known or not, but for those that may.
func (f form) repeated(may ...string) bool {
	for i := range f {
		for j := range i {
			if f[i].name == f[j].name && !slices.Contains(may, f[i].name) {
				return true
			}
		}
	}
	return false
}

// credentials are what the request says about the client that sends it.
func (c call) credentials(r *http.Request, f form) verify.Credentials {
	return verify.Credentials{
		Authorization: r.Header.Get("Authorization"),
		Certificate:   c.caller.Certificate,
		ID:            f.get("client_id"),
		Secret:        f.get("client_secret"),
		AssertionType: f.get("client_assertion_type"),
		Assertion:     f.get("client_assertion"),
	}
}
