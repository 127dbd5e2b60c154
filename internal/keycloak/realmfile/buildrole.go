package realmfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// roles makes the default role, the roles of built-in clients that were made, and those of the file.
func (b *builder) roles() error {
	byDefault := b.defaultRole()
	builtin := read[builtinRoles]("roles", b.realm().Name)
	if b.made[clientAccount] {
		b.builtin(clientAccount, builtin.Account)
	}
	if b.made[clientBroker] {
		b.builtin(clientBroker, builtin.Broker)
	}
	if err := b.fileRoles(byDefault); err != nil {
		return err
	}
	b.management()
	if !b.made[clientAccount] {
		b.builtin(clientAccount, []keycloak.Object{named(builtin.Account, "delete-account")})
	}
	for _, o := range builtin.Realm {
		if b.realm().Role(realm.RoleRef{Name: o.Text("name")}) != nil && !(o.Text("name") == scopeOffline && b.offlineMade) {
			continue
		}
		role := b.putMissingRole(o, "")
		b.include(byDefault.Key, role)
	}
	if b.made[clientAccount] {
		for _, name := range []string{"view-profile", "manage-account"} {
			b.include(byDefault.Key, b.realm().Role(realm.RoleRef{Client: clientAccount, Name: name}))
		}
	}
	return nil
}

// defaultRole makes the role that every new user gets.
func (b *builder) defaultRole() *realm.Role {
	o := keycloak.Value[keycloak.Object](b.file, "defaultRole")
	if o.Text("name") == "" {
		o = keycloak.Object{}
		o.Put("name", b.freeRoleName())
		o.Put("description", "${role_default-roles}")
	}
	role := b.putRole(o, "")
	s := b.realm().Settings
	s.DefaultRole = role.Key
	b.Draft.PutSettings(s)
	return role
}

// freeRoleName is a name for the default role that no role of the file has.
func (b *builder) freeRoleName() string {
	first := "default-roles-" + strings.ToLower(b.realm().Name)
	taken := keycloak.Value[[]keycloak.Object](keycloak.Value[keycloak.Object](b.file, "roles"), "realm")
	name := first
	for i := 1; named(taken, name) != nil; i++ {
		name = first + "-" + strconv.Itoa(i)
	}
	return name
}

func (b *builder) putRole(o keycloak.Object, clientKey string) *realm.Role {
	role := keycloak.ToRole(o, clientKey)
	role.Key = b.id(role.Key)
	b.Draft.PutRole(role)
	return role
}

// putMissingRole gives the role of this name, made where there is none.
func (b *builder) putMissingRole(o keycloak.Object, clientID string) *realm.Role {
	ref := realm.RoleRef{Client: clientID, Name: o.Text("name")}
	if role := b.realm().Role(ref); role != nil {
		return role
	}
	key := ""
	if clientID != "" {
		key = b.realm().Client(clientID).Key
	}
	return b.putRole(o, key)
}

// builtin makes roles of a built-in client that it does not have, and what they include.
func (b *builder) builtin(clientID string, roles []keycloak.Object) {
	if b.realm().Client(clientID) == nil {
		return
	}
	for _, o := range roles {
		b.putMissingRole(o, clientID)
	}
	for _, o := range roles {
		owner := b.realm().Role(realm.RoleRef{Client: clientID, Name: o.Text("name")})
		for _, n := range keycloak.NamedRoles(keycloak.Value[keycloak.Object](o, "composites"), "realm", "client") {
			b.include(owner.Key, b.realm().Role(realm.RoleRef{Client: clientID, Name: n.Name}))
		}
	}
}

// include makes a role part of another one.
func (b *builder) include(ownerKey string, part *realm.Role) {
	owner := b.realm().RoleByKey(ownerKey)
	if part == nil || slices.Contains(owner.Composites, part.Key) {
		return
	}
	with := *owner
	with.Composites = append(slices.Clone(owner.Composites), part.Key)
	b.Draft.PutRole(&with)
}

// fileRoles makes the roles of the file. The default role is among them where the file has it.
func (b *builder) fileRoles(byDefault *realm.Role) error {
	roles := keycloak.Value[keycloak.Object](b.file, "roles")
	for i, o := range keycloak.Value[[]keycloak.Object](roles, "realm") {
		if err := b.fileRole(o, "", byDefault); err != nil {
			return keycloak.At("roles.realm["+strconv.Itoa(i)+"]", err)
		}
	}
	ofClients := keycloak.Value[map[string][]keycloak.Object](roles, "client")
	for _, id := range sortedKeys(ofClients) {
		path := "roles.client." + id
		if b.realm().Client(id) == nil {
			return &fault.Invalid{Field: path, Message: "App doesn't exist in role definitions: " + id}
		}
		for i, o := range ofClients[id] {
			if err := b.fileRole(o, id, byDefault); err != nil {
				return keycloak.At(path+"["+strconv.Itoa(i)+"]", err)
			}
		}
	}
	return nil
}

func (b *builder) fileRole(o keycloak.Object, clientID string, byDefault *realm.Role) error {
	name := o.Text("name")
	if name == "" {
		return &fault.Invalid{Field: "name", Message: "role has no name"}
	}
	clientKey := ""
	if clientID != "" {
		clientKey = b.realm().Client(clientID).Key
	}
	existing := b.realm().Role(realm.RoleRef{Client: clientID, Name: name})
	switch {
	case existing == nil:
		b.putRole(o, clientKey)
	case existing.Key == byDefault.Key || b.made[clientID]: // known, and described better here
		role := keycloak.ToRole(o, clientKey)
		role.Key, role.Composites = existing.Key, existing.Composites
		b.Draft.PutRole(role)
	default:
		return &fault.Invalid{Field: "name", Message: "Role with name " + name + " already exists"}
	}
	return nil
}

// composites makes the roles of the file include what they say.
func (b *builder) composites() error {
	roles := keycloak.Value[keycloak.Object](b.file, "roles")
	return keycloak.At("roles", eachOwned(roles, "realm", "client", func(o keycloak.Object, client string) error {
		return keycloak.At("composites", b.compositesOf(o, client))
	}))
}

// eachOwned goes through the objects of a list that the realm has, and of those that clients have by their client_ids. An
// error says where it was.
func eachOwned(in keycloak.Object, own, ofClients string, do func(o keycloak.Object, client string) error) error {
	for i, o := range keycloak.Value[[]keycloak.Object](in, own) {
		if err := do(o, ""); err != nil {
			return keycloak.At(own+"["+strconv.Itoa(i)+"]", err)
		}
	}
	lists := keycloak.Value[map[string][]keycloak.Object](in, ofClients)
	for _, id := range sortedKeys(lists) {
		for i, o := range lists[id] {
			if err := do(o, id); err != nil {
				return keycloak.At(ofClients+"."+id+"["+strconv.Itoa(i)+"]", err)
			}
		}
	}
	return nil
}

func (b *builder) compositesOf(o keycloak.Object, clientID string) error {
	owner := b.realm().Role(realm.RoleRef{Client: clientID, Name: o.Text("name")})
	for _, n := range keycloak.NamedRoles(keycloak.Value[keycloak.Object](o, "composites"), "realm", "client") {
		part := b.realm().Role(n.RoleRef)
		switch {
		case part != nil:
			b.include(owner.Key, part)
		case n.Client == "":
			return &fault.Invalid{Field: n.Path, Message: "Unable to find composite realm role: " + n.Name}
		case b.realm().Client(n.Client) == nil:
			return &fault.Invalid{Field: n.Path, Message: "App doesn't exist in role definitions: " + o.Text("name")}
		default:
			return &fault.Invalid{Field: n.Path, Message: "Unable to find composite client role: " + n.Name}
		}
	}
	return nil
}

// namedRoles makes the roles that only lists of default roles and users name.
func (b *builder) namedRoles() error {
	if !b.file.Has("defaultRole") {
		for i, name := range keycloak.Value[[]string](b.file, "defaultRoles") {
			path := "defaultRoles[" + strconv.Itoa(i) + "]"
			role, err := b.role(keycloak.NamedRole{RoleRef: realm.RoleRef{Name: strings.TrimSpace(name)}, Path: path})
			if err != nil {
				return err
			}
			b.include(b.realm().DefaultRole, role)
		}
		for _, n := range b.oldDefaults {
			role, err := b.role(n)
			if err != nil {
				return err
			}
			b.include(b.realm().DefaultRole, role)
		}
	}
	for _, n := range b.users.roles {
		if _, err := b.role(n); err != nil {
			return err
		}
	}
	return nil
}

// role gives the role of this name, made where there is none; its client has to be there.
func (b *builder) role(n keycloak.NamedRole) (*realm.Role, error) {
	if n.Client != "" && b.realm().Client(n.Client) == nil {
		return nil, &fault.Invalid{Field: n.Path, Message: "Unable to find client role mappings for client: " + n.Client}
	}
	if n.Name == "" {
		return nil, &fault.Invalid{Field: n.Path, Message: "role has no name"}
	}
	o := keycloak.Object{}
	o.Put("name", n.Name)
	return b.putMissingRole(o, n.Client), nil
}
