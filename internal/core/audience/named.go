package audience

import (
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Named are the roles that claims name, where Keycloak writes them. That the user has them is not checked.
func Named(c *token.Claims) []realm.RoleRef {
	var out []realm.RoleRef
	add := func(client string, names any) {
		list, _ := names.([]string)
		for _, name := range list {
			out = append(out, realm.RoleRef{Client: client, Name: name})
		}
	}
	add("", c.Other.Get("realm_access", "roles"))
	clients, _ := c.Other.Get("resource_access").(token.Object)
	for _, m := range clients {
		access, _ := m.Value.(token.Object)
		if len(access) > 0 {
			add(m.Name, access.Get("roles"))
		}
	}
	return out
}
