package replay

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Answer is what a caller sees of a response. Tokens in the body are opened: a JWT is the object
// {"jwt": {"header": …, "claims": …}}, with its lifetime as claim "exp-iat".
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Cookie []string          `json:"cookie"`
	Body   any               `json:"body"`
}

// compared are the headers that a client may depend on.
var compared = []string{
	"Content-Type", "Cache-Control", "Pragma", "Location", "WWW-Authenticate", "Allow", "Retry-After", "Link",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "DPoP-Nonce",
}

// guarding are the headers that tell browsers what pages may do. They are compared where a step says so.
var guarding = []string{
	"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy",
	"Strict-Transport-Security", "X-Robots-Tag",
}

// answer describes a response whose body has been read.
func answer(resp *http.Response, body []byte) *Answer {
	a := &Answer{Status: resp.StatusCode, Header: map[string]string{}}
	for _, name := range slices.Concat(compared, guarding) {
		if values := resp.Header.Values(name); len(values) > 0 {
			a.Header[name] = strings.Join(values, ", ")
		}
	}
	for _, c := range resp.Cookies() {
		a.Cookie = append(a.Cookie, cookie(c))
	}
	slices.Sort(a.Cookie)
	a.Body = content(resp, body)
	return a
}

// cookie describes a cookie without its value: name, attributes, and whether it is cleared.
func cookie(c *http.Cookie) string {
	s := c.Name + "; Path=" + c.Path
	if c.HttpOnly {
		s += "; HttpOnly"
	}
	if c.Secure {
		s += "; Secure"
	}
	switch c.SameSite {
	case http.SameSiteLaxMode:
		s += "; SameSite=Lax"
	case http.SameSiteStrictMode:
		s += "; SameSite=Strict"
	case http.SameSiteNoneMode:
		s += "; SameSite=None"
	}
	switch {
	case cleared(c):
		s += "; cleared"
	case c.MaxAge > 0:
		s += "; Max-Age=" + strconv.Itoa(c.MaxAge)
	}
	return s
}

// content is the body as a value: a page reduced, JSON where it is, else its text. Where there is no
// body it is what a redirect says in a JWT (JWT Secured Authorization Response Mode), or nil.
func content(resp *http.Response, body []byte) any {
	if len(body) == 0 {
		for _, where := range []string{"@query:response", "@fragment:response"} {
			if token := saved(resp, nil, where); token != "" {
				return map[string]any{"response": open(token)}
			}
		}
		return nil
	}
	contentType := resp.Header.Get("Content-Type")
	if strings.Contains(contentType, "html") {
		return Page(string(body))
	}
	var v any
	if strings.Contains(contentType, "jwt") || json.Unmarshal(body, &v) != nil {
		v = string(body)
	}
	return open(v)
}

// open replaces each JWT in v by what it says.
func open(v any) any {
	switch v := v.(type) {
	case string:
		if t := openToken(v); t != nil {
			return t
		}
	case []any:
		for i := range v {
			v[i] = open(v[i])
		}
	case map[string]any:
		return openMembers(v)
	}
	return v
}

// openMembers opens the values of an object. Names that are identifiers, as those of the clients of a session,
// are replaced by their number.
func openMembers(v map[string]any) map[string]any {
	out, n := make(map[string]any, len(v)), 0
	for _, name := range slices.Sorted(maps.Keys(v)) {
		value := open(v[name])
		if identifier.MatchString(name) {
			n++
			name = fmt.Sprintf("<key %d>", n)
		}
		out[name] = value
	}
	return out
}

var identifier = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// openToken decodes a JWS or JWE in compact form, without checking anything; nil where s is none.
func openToken(s string) any {
	parts := strings.Split(s, ".")
	if len(parts) != 3 && len(parts) != 5 || !strings.HasPrefix(s, "eyJ") {
		return nil
	}
	var header, claims map[string]any
	if decode(parts[0], &header) != nil {
		return nil
	}
	if len(parts) == 5 {
		return map[string]any{"jwe": map[string]any{"header": header}}
	}
	if decode(parts[1], &claims) != nil {
		return nil
	}
	exp, expires := claims["exp"].(float64)
	iat, issued := claims["iat"].(float64)
	if expires && issued {
		claims["exp-iat"] = exp - iat
	}
	return map[string]any{"jwt": map[string]any{"header": header, "claims": claims}}
}

func decode(part string, into *map[string]any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
