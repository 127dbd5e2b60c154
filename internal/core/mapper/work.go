package mapper

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Work is what mappers read, and what they write to.
type Work struct {
	Realm   *realm.Realm
	Issuer  string
	Base    string // the server's URL as the caller reaches it
	Client  *realm.Client
	User    *user.User       // nil: nobody
	Session *session.Session // nil where none is kept
	Grant   *session.Grant   // likewise
	Nonce   string           // of the authorization request
	Use     Use

	Roles     []realm.RoleRef // realm roles first, those of a client together
	Audiences Names
	Claims    *token.Claims // not needed by mappers that shape roles and audience
}

// Names is a list of names without doubles. The zero value is empty.
type Names struct {
	list []string
	seen map[string]bool
}

// All are the names in the order they were added.
func (n *Names) All() []string { return n.list }

// Len is how many names there are.
func (n *Names) Len() int { return len(n.list) }

// Has tells whether the name is there.
func (n *Names) Has(name string) bool {
	if n.seen != nil {
		return n.seen[name]
	}
	return slices.Contains(n.list, name)
}

// Add puts a name where it is not there yet, and tells whether it was new.
func (n *Names) Add(name string) bool {
	if n.Has(name) {
		return false
	}
	if n.list == nil {
		n.list = make([]string, 0, 4)
	}
	n.list = append(n.list, name)
	switch {
	case n.seen != nil:
		n.seen[name] = true
	case len(n.list) > 16: // few are searched faster without a map
		n.seen = make(map[string]bool, 2*len(n.list))
		for _, s := range n.list {
			n.seen[s] = true
		}
	}
	return true
}

// Clear takes all names away.
func (n *Names) Clear() { *n = Names{} }
