package identity

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Told says what the upstream is told beside X-Auth-Subject and the like.
type Told struct {
	Token         bool     // header X-Auth-Token
	Authorization bool     // header Authorization
	Claims        []string // claims that become headers: name, or name|Header
}

// Header is a header of requests to the upstream, its name in canonical form.
type Header struct {
	Name   string
	Values []string
}

// headers are what the upstream is told of a token and its holder.
func (r *Reader) headers(i *Identity, token string) []Header {
	c, username := i.Claims, i.Username()
	all := []Header{
		{"X-Auth-Audience", []string{listed(c.Audience)}},
		{"X-Auth-Email", []string{c.Email}},
		{"X-Auth-Expiresin", []string{c.Expires.UTC().String()}},
		{"X-Auth-Groups", []string{listed(i.Groups)}},
		{"X-Auth-Roles", []string{listed(i.Roles)}},
		{"X-Auth-Subject", []string{c.Subject}},
		{"X-Auth-Userid", []string{username}},
		{"X-Auth-Username", []string{username}},
	}
	authorization := "Bearer " + token
	token = authorization[len("Bearer "):] // tokens are long: one text is kept for both
	if r.told.Token {
		all = append(all, Header{"X-Auth-Token", []string{token}})
	}
	if r.told.Authorization {
		all = append(all, Header{"Authorization", []string{authorization}})
	}
	for _, c := range r.claims {
		if v, ok := i.named[c.claim]; ok {
			all = append(all, Header{c.header, []string{said(v)}})
		}
	}
	for n := range all {
		all[n].Values[0] = line(all[n].Values[0])
	}
	return all
}

// claimHeader is a claim that becomes a header.
type claimHeader struct{ claim, header string }

// claimHeaders are those of all claims that become headers.
func claimHeaders(all []string) []claimHeader {
	var out []claimHeader
	for _, one := range all {
		claim, header := HeaderOf(one)
		out = append(out, claimHeader{claim, header})
	}
	return out
}

// HeaderOf reads "given_name", which becomes X-Auth-Given-Name, and "given_name|X-First-Name".
func HeaderOf(text string) (claim, header string) {
	claim, header, named := strings.Cut(text, "|")
	if !named {
		header = "X-Auth-" + strings.Map(func(c rune) rune {
			switch {
			case c == '_' || c == '.':
				return '-'
			case c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
				return c
			}
			return -1
		}, claim)
	}
	return claim, http.CanonicalHeaderKey(header)
}

// said is the value of a claim as a header: texts as they are, lists by comma, all else as JSON.
func said(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if list, ok := v.([]any); ok && len(texts(v)) == len(list) {
		return listed(texts(v))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// listed are texts by comma. One that has a comma of its own would be read as several, and is left out.
func listed(all []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.Contains(s, ",") }), ",")
}

// line is a text without what would end a header, or be refused in one: names of people may hold anything.
func line(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}
