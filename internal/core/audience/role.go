package audience

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// rolesOfUser are the user's roles, but for those of clients that are disabled or gone.
func (r *Resolution) rolesOfUser() *realm.RoleSet {
	if r.User == nil {
		return &realm.RoleSet{}
	}
	all := r.User.RolesIn(r.Realm)
	if !slices.ContainsFunc(all.All(), r.closed) {
		return all
	}
	open := &realm.RoleSet{}
	for _, role := range all.All() {
		if r.closed(role) {
			r.Trace.Add(explain.RoleClient, explain.Dropped, r.Realm.Ref(role).String())
			continue
		}
		open.Add(role)
	}
	return open
}

// closed tells whether a role is of a client that is disabled or gone.
func (r *Resolution) closed(role *realm.Role) bool {
	if role.Client == "" {
		return false
	}
	c := r.Realm.ClientByKey(role.Client)
	return c == nil || !c.Enabled
}

// carried are the user's roles that the token may carry: all with full scope; without, the client's own and
// those that it or a scope in play maps, with all that these include.
func (r *Resolution) carried(all *realm.RoleSet) *realm.RoleSet {
	if r.Client.FullScope {
		r.explainHeld(all)
		return all
	}
	may := MayCarry(r.Realm, r.Client, r.Scopes)
	out := &realm.RoleSet{}
	for _, role := range all.All() {
		if may(role) {
			out.Add(role)
			continue
		}
		r.explainUnmapped(role)
	}
	r.explainHeld(out)
	return out
}

// MayCarry tells which roles the tokens of a client may carry where these client scopes are in play,
// whoever the user is: all with full scope; without, its own and those that it or one of the scopes maps,
// with all that these include.
func MayCarry(r *realm.Realm, c *realm.Client, scopes []*realm.ClientScope) func(*realm.Role) bool {
	if c.FullScope {
		return func(*realm.Role) bool { return true }
	}
	var mapped realm.RoleSet
	r.Expand(&mapped, c.ScopeMappings...)
	for _, s := range scopes {
		r.Expand(&mapped, s.ScopeMappings...)
	}
	for _, own := range r.RolesOf(c.Key) {
		if len(own.Composites) > 0 {
			r.Expand(&mapped, own.Key)
		}
	}
	return func(role *realm.Role) bool { return role.Client == c.Key || mapped.Has(role) }
}

// names are the names of the roles that the token may carry: realm roles first, those of a client together.
func (r *Resolution) names() []realm.RoleRef {
	held := r.Held.All()
	if len(held) == 0 {
		return nil
	}
	out := make([]realm.RoleRef, len(held), len(held)+1)
	for i, role := range held {
		out[i] = r.Realm.Ref(role)
	}
	slices.SortStableFunc(out, func(a, b realm.RoleRef) int { return strings.Compare(a.Client, b.Client) })
	return out
}
