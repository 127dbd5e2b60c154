package manage

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// decision is what becomes of something that a partial import brings: whether it is made, and under which
// name it is reported.
func (p *partial) decision(exists bool, taken string) (action string, made bool, err error) {
	switch {
	case !exists:
		return itemAdded, true, nil
	case p.Existing == Skip:
		return itemSkipped, false, nil
	case p.Existing == Overwrite:
		return itemOverwritten, true, nil
	}
	return "", false, &fault.Conflict{Message: taken}
}

// once refuses what an import makes twice: which of them counts is not to be guessed.
func (p *partial) once(resource, name string) error {
	key := [2]string{resource, name}
	if p.making[key] {
		return errDuplicate
	}
	p.making[key] = true
	return nil
}

// errDuplicate says of names and ids that they are taken, as Keycloak says it.
var errDuplicate = &fault.Conflict{Message: "Duplicate resource error"}

// unworded tells whether an error says that something is taken, and not in words of its own.
func unworded(err error) bool {
	c, ok := errors.AsType[*fault.Conflict](err)
	return errors.Is(err, fault.ErrConflict) && (!ok || c.Message == "")
}

func (p *partial) clients() error {
	r := p.draft.Realm()
	var wanted []keycloak.Object
	for i, o := range keycloak.Value[[]keycloak.Object](p.file, "clients") {
		id := o.Text("clientId")
		existing := r.Client(id)
		action, made, err := p.decision(existing != nil, "Client id '"+id+"' already exists")
		if err != nil {
			return err
		}
		if made {
			if !p.Permit.MayName(r, id) {
				return ErrNotPermitted
			}
			if err := p.once("CLIENT", id); err != nil {
				return err
			}
			delete(o, "id")
			wanted = append(wanted, o)
		}
		if action == itemOverwritten {
			if r.Manages(existing.ID) {
				return &fault.Invalid{Field: "clients[" + strconv.Itoa(i) + "]", Message: "Client " + id + " belongs to the realm and cannot be overwritten"}
			}
			p.drop = append(p.drop, func() { dropClient(p.draft, existing) })
			if account, ok := p.found.accounts[id]; ok {
				p.goneUsers = append(p.goneUsers, account)
			}
		}
		p.result(action, "CLIENT", id, func() (string, string) {
			key := r.Client(id).Key
			return key, clientPath(key)
		})
	}
	put(p.file, "clients", wanted)
	return nil
}

func (p *partial) realmRoles() error {
	roles := keycloak.Value[keycloak.Object](p.file, "roles")
	wanted, err := p.rolesOf(keycloak.Value[[]keycloak.Object](roles, "realm"), "")
	if err != nil {
		return err
	}
	put(roles, "realm", wanted)
	if roles != nil {
		p.file.Put("roles", roles)
	}
	return nil
}

func (p *partial) clientRoles() error {
	roles := keycloak.Value[keycloak.Object](p.file, "roles")
	all := keycloak.Value[map[string][]keycloak.Object](roles, "client")
	for _, id := range slices.Sorted(maps.Keys(all)) {
		wanted, err := p.rolesOf(all[id], id)
		if err != nil {
			return err
		}
		all[id] = wanted
	}
	if all != nil {
		roles.Put("client", all)
		p.file.Put("roles", roles)
	}
	return nil
}

// rolesOf are the roles of a client, or of the realm, that are to be made.
func (p *partial) rolesOf(list []keycloak.Object, client string) ([]keycloak.Object, error) {
	r := p.draft.Realm()
	var wanted []keycloak.Object
	for _, o := range list {
		ref := realm.RoleRef{Client: client, Name: o.Text("name")}
		existing := r.Role(ref)
		taken := "Realm role '" + ref.Name + "' already exists."
		resource, name := "REALM_ROLE", ref.Name
		identify := func() (string, string) { return r.Role(ref).Key, "roles/" + ref.Name }
		if client != "" {
			taken = "Client role '" + ref.Name + "' for client '" + client + "' already exists."
			resource, name = "CLIENT_ROLE", client+"-->"+ref.Name
			identify = func() (string, string) {
				key := r.Client(client).Key
				return key, clientPath(key, "roles", ref.Name)
			}
		}
		action, made, err := p.decision(existing != nil, taken)
		if err != nil {
			return nil, err
		}
		if made {
			if !p.mayShape(ref) {
				return nil, ErrNotPermitted
			}
			delete(o, "id")
			wanted = append(wanted, o)
		}
		if action == itemOverwritten {
			p.drop = append(p.drop, func() { dropRoles(p.draft, existing.Key) })
			p.result(itemAdded, resource, name, identify) // Keycloak lists them twice
		}
		p.result(action, resource, name, identify)
	}
	return wanted, nil
}

// mayShape tells whether the author may make a role of this name. That of a client which comes with it is one of a
// client that has no roles yet.
func (p *partial) mayShape(ref realm.RoleRef) bool {
	role := &realm.Role{Name: ref.Name}
	if ref.Client != "" {
		c := p.draft.Realm().Client(ref.Client)
		if c == nil {
			return true
		}
		role.Client = c.Key
	}
	return p.Permit.MayShape(p.draft.Realm(), role)
}

func (p *partial) providers() error {
	r := p.draft.Realm()
	var wanted []keycloak.Object
	for i, o := range keycloak.Value[[]keycloak.Object](p.file, "identityProviders") {
		alias := o.Text("alias")
		existing := r.Provider(alias)
		action, made, err := p.decision(existing != nil, "Identity Provider '"+alias+"' already exists.")
		if err != nil {
			return err
		}
		if made {
			if _, known := idp.Find(o.Text("providerId")); !known {
				return keycloak.At("identityProviders["+strconv.Itoa(i)+"]", unknownKind(o.Text("providerId")))
			}
			if err := p.once("IDP", alias); err != nil {
				return err
			}
			delete(o, "internalId")
			wanted = append(wanted, o)
		}
		if action == itemOverwritten {
			p.drop = append(p.drop, func() { p.draft.Delete(realm.KindProvider, existing.Key) })
			p.goneProviders = append(p.goneProviders, alias)
		}
		p.result(action, "IDP", alias, func() (string, string) {
			return r.Provider(alias).Key, "identity-provider/instances/" + alias
		})
	}
	put(p.file, "identityProviders", wanted)
	return nil
}

// groups decides about the groups at the top, which bring those below them. A group is known by its path; one
// that comes without, and whose name is taken, cannot be made, nor can one whose path leads elsewhere than to the top.
func (p *partial) groups() error {
	var wanted []keycloak.Object
	for i, o := range keycloak.Value[[]keycloak.Object](p.file, "groups") {
		path, name := o.Text("path"), o.Text("name")
		if path == "" && p.found.siblings["/"+name] {
			return errDuplicate
		}
		existing := p.found.groups[path]
		action, made, err := p.decision(existing != nil, "Group '"+path+"' already exists")
		if err != nil {
			return err
		}
		if made {
			if path != "" && path != "/"+name && existing == nil {
				return &fault.Invalid{Field: "groups[" + strconv.Itoa(i) + "].path", Message: "A group comes with those above it: " + path + " is not at the top"}
			}
			if err := p.once("GROUP", name); err != nil {
				return err
			}
			dropIDs(o)
			wanted = append(wanted, o)
		}
		if action == itemOverwritten {
			p.goneGroups = append(p.goneGroups, existing)
		}
		p.result(action, "GROUP", name, func() (string, string) {
			if key, made := p.madeGroups[name]; made {
				return key, ""
			}
			return existing.Key, ""
		})
	}
	put(p.file, "groups", wanted)
	return nil
}

// dropIDs lets a group, and all below it, have new ids: whoever belonged to a group that was deleted still names it by its
// id, and would belong to the new one.
func dropIDs(group keycloak.Object) {
	delete(group, "id")
	below := keycloak.Value[[]keycloak.Object](group, "subGroups")
	for _, g := range below {
		dropIDs(g)
	}
	put(group, "subGroups", below)
}

// users decides about users, who keep the ids that they come with: what others know them by.
func (p *partial) users() error {
	var wanted []keycloak.Object
	for _, o := range keycloak.Value[[]keycloak.Object](p.file, "users") {
		name := strings.ToLower(o.Text("username"))
		existing := p.found.users[name]
		action, made, err := p.decision(existing != nil, "User with user name "+o.Text("username")+" already exists.")
		if err != nil {
			return err
		}
		if made {
			if err := p.once("USER", name); err != nil {
				return err
			}
			wanted = append(wanted, o)
		}
		if action == itemOverwritten {
			p.goneUsers = append(p.goneUsers, existing.ID)
		}
		p.result(action, "USER", o.Text("username"), func() (string, string) {
			if id, made := p.madeUsers[name]; made {
				return id, ""
			}
			return existing.ID, ""
		})
	}
	put(p.file, "users", wanted)
	return nil
}

// put sets a member that is a list, where there is one.
func put(o keycloak.Object, member string, list []keycloak.Object) {
	if o.Has(member) {
		o.Put(member, append([]keycloak.Object{}, list...))
	}
}
