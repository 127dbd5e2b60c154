package identity

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// Identity is what an access token says of its holder. It is made once for a token and shared between requests: nothing in it
// changes.
type Identity struct {
	resource.Holder
	Claims   map[string]any
	Audience []string
	Client   string // that the token was issued to
	Username string
	Expires  time.Time
	Headers  []Header // that the upstream is told it in
}

// Text is a claim that is a text; empty where it is none.
func (i *Identity) Text(name string) string { s, _ := i.Claims[name].(string); return s }

// Reader reads access tokens. It does not change.
type Reader struct {
	told   Told
	claims []claimHeader
}

// NewReader makes a reader of what an upstream is to be told.
func NewReader(t Told) *Reader { return &Reader{told: t, claims: claimHeaders(t.Claims)} }

// Names are the names of the headers that claims become.
func (r *Reader) Names() []string {
	var all []string
	for _, c := range r.claims {
		all = append(all, c.header)
	}
	return all
}

// Read reads the claims of an access token that is proven.
func (r *Reader) Read(token string) (*Identity, error) {
	claims, err := Payload(token)
	if err != nil {
		return nil, err
	}
	i := &Identity{Claims: claims, Audience: Texts(claims["aud"])}
	i.Client = i.Text("azp")
	if i.Client == "" {
		i.Client = i.Text("client_id")
	}
	if i.Username = i.Text("preferred_username"); i.Username == "" {
		i.Username = i.Text("email")
	}
	if exp, ok := claims["exp"].(float64); ok {
		i.Expires = time.Unix(int64(exp), 0).UTC()
	}
	i.Groups = Texts(claims["groups"])
	i.Roles = roles(claims)
	i.Scopes = strings.Fields(i.Text("scope"))
	i.Headers = r.headers(i, token)
	return i, nil
}

// Payload are the claims of a token, signed or not.
func Payload(token string) (map[string]any, error) {
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

// Texts are the texts of a claim that holds one or several.
func Texts(claim any) []string {
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
		return Texts(m["roles"])
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
