package identity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// Identity is what an access token says of its holder. It is made once for a token and shared between requests: nothing in it
// changes.
type Identity struct {
	resource.Holder
	Claims  *bearer.Claims
	Headers []Header // that the upstream is told it in

	named map[string]any // claims that the configuration names
}

// Texts are the texts of a claim that holds one or several. The reader has to know its name.
func (i *Identity) Texts(claim string) []string { return texts(i.named[claim]) }

// Username is who the holder is called.
func (i *Identity) Username() string { return cmp.Or(i.Claims.Username, i.Claims.Email) }

// Reader reads access tokens. It does not change.
type Reader struct {
	told   Told
	claims []claimHeader
	names  []string // of claims that are read by name
}

// NewReader makes a reader of what an upstream is to be told. Texts knows the claims of these names.
func NewReader(t Told, names []string) *Reader {
	r := &Reader{told: t, claims: claimHeaders(t.Claims), names: slices.Clone(names)}
	for _, c := range r.claims {
		r.names = append(r.names, c.claim)
	}
	return r
}

// Names are the names of the headers that claims become.
func (r *Reader) Names() []string {
	var all []string
	for _, c := range r.claims {
		all = append(all, c.header)
	}
	return all
}

// Read reads the claims of an access token that is proven.
func (r *Reader) Read(token string, c *bearer.Claims) (*Identity, error) {
	i := &Identity{Claims: c, Holder: resource.Holder{Roles: roles(c), Groups: c.Groups, Scopes: c.Scopes}}
	if len(r.names) > 0 {
		if err := c.Unmarshal(&i.named); err != nil {
			return nil, fmt.Errorf("claims: %w", err)
		}
		maps.DeleteFunc(i.named, func(name string, _ any) bool { return !slices.Contains(r.names, name) })
	}
	i.Headers = r.headers(i, token)
	return i, nil
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

// roles are those of the realm, and those of clients as client:role.
func roles(c *bearer.Claims) []string {
	var all []string
	for _, role := range c.RealmRoles {
		all = append(all, resource.Role("", role))
	}
	for _, client := range slices.Sorted(maps.Keys(c.ClientRoles)) {
		for _, role := range c.ClientRoles[client] {
			all = append(all, resource.Role(client, role))
		}
	}
	return all
}
