package inspect

import (
	"sync"
	"weak"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// maxCarried is how many roles are remembered in all, of all tokens: each takes some 100 bytes.
const maxCarried = 200_000

// carriedKey is all that the roles depend on that a token carries: an edit of the realm makes another snapshot,
// one of the user changes what was granted. Another snapshot of the same version has other roles, though they
// look alike.
type carriedKey struct {
	realm   weak.Pointer[realm.Realm]
	token   string // jti
	granted string // keys of roles
}

// carried remembers which roles tokens carry. The zero value is ready for use.
type carried struct {
	once  sync.Once
	roles *otter.Cache[carriedKey, *realm.RoleSet]
}

// get gives the roles for a key, which nobody may change.
func (c *carried) get(key carriedKey, find func() *realm.RoleSet) *realm.RoleSet {
	c.once.Do(func() {
		c.roles = otter.Must(&otter.Options[carriedKey, *realm.RoleSet]{MaximumWeight: maxCarried,
			Weigher: func(_ carriedKey, set *realm.RoleSet) uint32 { return uint32(len(set.All())) + 1 }})
	})
	if set, ok := c.roles.GetIfPresent(key); ok {
		return set
	}
	set := find()
	c.roles.Set(key, set)
	return set
}
