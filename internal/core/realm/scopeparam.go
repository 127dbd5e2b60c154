package realm

import (
	"slices"
	"strings"
)

// ScopesOf splits the parameter "scope" of a request by client c: the keys of the client scopes that it
// names, each once. ok is false where a word is no client scope of c, or no word at all: such a
// request is refused as a whole. The word "openid" is always fine and is no client scope.
func (r *Realm) ScopesOf(c *Client, parameter string) (keys []string, ok bool) {
	for word := range strings.SplitSeq(parameter, " ") {
		if word == "openid" {
			continue
		}
		s := r.Scope(word)
		if s == nil || !slices.Contains(c.DefaultScopes, s.Key) && !slices.Contains(c.OptionalScopes, s.Key) {
			return nil, false
		}
		if !slices.Contains(keys, s.Key) {
			keys = append(keys, s.Key)
		}
	}
	return keys, true
}

// ScopeNames are the names of the client scopes that client c has by default, and that the parameter "scope" names.
func (r *Realm) ScopeNames(c *Client, parameter string) []string {
	asked, _ := r.ScopesOf(c, parameter)
	var names []string
	for _, key := range slices.Concat(c.DefaultScopes, asked) {
		if s := r.ScopeByKey(key); s != nil {
			names = append(names, s.Name)
		}
	}
	return names
}
