package realm

import (
	"slices"
	"strings"
)

// ScopesOf splits the parameter "scope" of a request by client c: the keys of the client scopes that it
// names, each once. ok is false where a word is no client scope of c, or no word at all: such a
// request is refused as a whole. The word "openid" is always fine and is no client scope; organizations may be asked
// for, and add nothing. As in Keycloak blanks at the end do not matter, and others do.
func (r *Realm) ScopesOf(c *Client, parameter string) (keys []string, ok bool) {
	words := strings.TrimRight(parameter, " ")
	if words == "" && parameter != "" {
		return nil, true
	}
	for word := range strings.SplitSeq(words, " ") {
		if word == "openid" {
			continue
		}
		s := r.scopeNamed(word)
		if s == nil || !slices.Contains(c.DefaultScopes, s.Key) && !slices.Contains(c.OptionalScopes, s.Key) {
			return nil, false
		}
		if !slices.Contains(keys, s.Key) && !s.OfOrganizations() {
			keys = append(keys, s.Key)
		}
	}
	return keys, true
}

// scopeNamed is the client scope that a word of the parameter "scope" names, or nil.
func (r *Realm) scopeNamed(word string) *ClientScope {
	if s := r.Scope(word); s != nil {
		return s
	}
	name, _, more := strings.Cut(word, ":")
	if s := r.Scope(name); more && s != nil && s.OfOrganizations() {
		return s
	}
	return nil
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

// AsksOffline tells whether the parameter "scope", or a default scope of client c, asks for offline access, and c has any
// use for it. Whether the user may have it is not asked.
func (r *Realm) AsksOffline(c *Client, parameter string) bool {
	const offline = "offline_access"
	if c.Tokens.NoRefresh {
		return false
	}
	if slices.Contains(strings.Split(parameter, " "), offline) {
		return true
	}
	s := r.Scope(offline)
	return s != nil && slices.Contains(c.DefaultScopes, s.Key)
}
