package proxy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// identity is what an access token says of its holder, in the words of the upstream's headers. It is made once for a token and
// shared between requests: nothing in it changes.
type identity struct {
	resource.Holder
	claims   map[string]any
	audience []string
	client   string // that the token was issued to
	username string
	expires  time.Time
	headers  []header
}

// header is a header of requests to the upstream, its name in canonical form.
type header struct {
	name   string
	values []string
}

// text is a claim that is a text; empty where it is none.
func (i *identity) text(name string) string { s, _ := i.claims[name].(string); return s }

// identify reads the claims of an access token that is proven.
func (g *Gatekeeper) identify(token string) (*identity, error) {
	claims, err := payload(token)
	if err != nil {
		return nil, err
	}
	i := &identity{claims: claims, audience: texts(claims["aud"])}
	i.client = i.text("azp")
	if i.client == "" {
		i.client = i.text("client_id")
	}
	if i.username = i.text("preferred_username"); i.username == "" {
		i.username = i.text("email")
	}
	if exp, ok := claims["exp"].(float64); ok {
		i.expires = time.Unix(int64(exp), 0).UTC()
	}
	i.Groups = texts(claims["groups"])
	i.Roles = roles(claims)
	i.headers = g.headersOf(i, token)
	return i, nil
}

// payload are the claims of a token, signed or not.
func payload(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("a token of %d parts, and not of 3", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	return claims, json.Unmarshal(text, &claims)
}

// texts are the texts of a claim that holds one or several.
func texts(claim any) []string {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, one := range v {
			if s, ok := one.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// roles are those of the realm, and those of clients as client:role, as Keycloak and Tokenhouse write them.
func roles(claims map[string]any) []string {
	of := func(access any) []string {
		m, _ := access.(map[string]any)
		return texts(m["roles"])
	}
	all := of(claims["realm_access"])
	clients, _ := claims["resource_access"].(map[string]any)
	for _, client := range slices.Sorted(maps.Keys(clients)) {
		for _, role := range of(clients[client]) {
			all = append(all, client+":"+role)
		}
	}
	return all
}

// headersOf are what the upstream is told of a token and its holder.
func (g *Gatekeeper) headersOf(i *identity, token string) []header {
	all := []header{
		{"X-Auth-Audience", []string{listed(i.audience)}},
		{"X-Auth-Email", []string{i.text("email")}},
		{"X-Auth-Expiresin", []string{i.expires.String()}},
		{"X-Auth-Groups", []string{listed(i.Groups)}},
		{"X-Auth-Roles", []string{listed(i.Roles)}},
		{"X-Auth-Subject", []string{i.text("sub")}},
		{"X-Auth-Userid", []string{i.username}},
		{"X-Auth-Username", []string{i.username}},
	}
	if g.config.Upstream.Token {
		all = append(all, header{"X-Auth-Token", []string{token}})
	}
	if g.config.Upstream.Authorization {
		all = append(all, header{"Authorization", []string{"Bearer " + token}})
	}
	for _, c := range g.claimHeaders {
		if v, ok := i.claims[c.claim]; ok {
			all = append(all, header{c.header, []string{said(v)}})
		}
	}
	for n := range all {
		all[n].values[0] = line(all[n].values[0])
	}
	return all
}

// claimHeader is a claim that becomes a header.
type claimHeader struct{ claim, header string }

// claimHeaders reads "given_name", which becomes X-Auth-Given-Name, and "given_name|X-First-Name".
func claimHeaders(all []string) []claimHeader {
	var out []claimHeader
	for _, one := range all {
		claim, name, named := strings.Cut(one, "|")
		if !named {
			name = "X-Auth-" + strings.Map(func(c rune) rune {
				switch {
				case c == '_' || c == '.':
					return '-'
				case c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
					return c
				}
				return -1
			}, claim)
		}
		out = append(out, claimHeader{claim, http.CanonicalHeaderKey(name)})
	}
	return out
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
