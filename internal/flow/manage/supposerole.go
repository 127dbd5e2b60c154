package manage

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// eachRole calls each for the roles of the change.
func (s *supposed) eachRole(each func(client *realm.Client, o keycloak.Object) error) error {
	roles := keycloak.Value[keycloak.Object](s.change, "roles")
	for i, o := range keycloak.Value[[]keycloak.Object](roles, "realm") {
		path := "roles.realm[" + strconv.Itoa(i) + "]"
		if err := each(nil, o); err != nil {
			return keycloak.At(path, err)
		}
	}
	ofClients := keycloak.Value[map[string][]keycloak.Object](roles, "client")
	for _, id := range slices.Sorted(maps.Keys(ofClients)) {
		client := s.realm().Client(id)
		if client == nil {
			return &fault.Invalid{Field: "roles.client." + id, Message: "there is no client " + strconv.Quote(id)}
		}
		for i, o := range ofClients[id] {
			path := "roles.client." + id + "[" + strconv.Itoa(i) + "]"
			if err := each(client, o); err != nil {
				return keycloak.At(path, err)
			}
		}
	}
	return nil
}

// roles makes the roles that there are not yet. Those of clients of the change come after the clients.
func (s *supposed) roles() error {
	return s.eachRole(func(client *realm.Client, o keycloak.Object) error {
		key := clientKey(client)
		if o.Text("name") == "" {
			return &fault.Invalid{Field: "name", Message: "a role has to be named"}
		}
		if roleNamed(s.realm(), key, o.Text("name")) != nil {
			return nil
		}
		role := keycloak.ToRole(o, key)
		role.Key = s.author.NewID()
		return putRole(s.draft, role)
	})
}

// composites lets roles include more than they do.
func (s *supposed) composites() error {
	return s.eachRole(func(client *realm.Client, o keycloak.Object) error {
		parts := keycloak.NamedRoles(keycloak.Value[keycloak.Object](o, "composites"), "realm", "client")
		if len(parts) == 0 {
			return nil
		}
		with := *roleNamed(s.realm(), clientKey(client), o.Text("name"))
		keys, err := s.roleKeys(parts)
		if err != nil {
			return err
		}
		with.Composites = realm.WithKeys(with.Composites, keys)
		s.draft.PutRole(&with)
		return nil
	})
}

func clientKey(c *realm.Client) string {
	if c == nil {
		return ""
	}
	return c.Key
}

func (s *supposed) roleKeys(named []keycloak.NamedRole) (keys []string, err error) {
	for _, n := range named {
		role := s.realm().Role(n.RoleRef)
		if role == nil {
			return nil, &fault.Invalid{Field: n.Path, Message: "there is no role " + n.RoleRef.String()}
		}
		keys = append(keys, role.Key)
	}
	return keys, nil
}

// mappings lets clients and client scopes carry more roles.
func (s *supposed) mappings() error {
	carry := func(owner string, o keycloak.Object) error {
		var named []keycloak.NamedRole
		for _, name := range keycloak.Value[[]string](o, "roles") {
			named = append(named, keycloak.NamedRole{RoleRef: realm.RoleRef{Client: owner, Name: name}, Path: "roles"})
		}
		keys, err := s.roleKeys(named)
		if err != nil {
			return err
		}
		return s.carry(o, keys)
	}
	if err := s.members("scopeMappings", func(o keycloak.Object) error { return carry("", o) }); err != nil {
		return err
	}
	ofClients := keycloak.Value[map[string][]keycloak.Object](s.change, "clientScopeMappings")
	for _, owner := range slices.Sorted(maps.Keys(ofClients)) {
		for i, o := range ofClients[owner] {
			path := "clientScopeMappings." + owner + "[" + strconv.Itoa(i) + "]"
			if err := carry(owner, o); err != nil {
				return keycloak.At(path, err)
			}
		}
	}
	return nil
}

func (s *supposed) carry(o keycloak.Object, keys []string) error {
	owner := Owner{}
	switch c, scope := s.realm().Client(o.Text("client")), s.realm().Scope(o.Text("clientScope")); {
	case o.Has("client") && c != nil:
		owner.Kind, owner.Key = realm.KindClient, c.Key
	case o.Has("clientScope") && scope != nil:
		owner.Kind, owner.Key = realm.KindScope, scope.Key
	default:
		return &fault.Invalid{Field: "client", Message: "there is no such client, or client scope"}
	}
	return owner.edit(s.draft, func(b belongings) error {
		*b.carried = realm.WithKeys(*b.carried, keys)
		return nil
	})
}
