package mappings

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/scopes"
)

// kind is what the two kinds of mappings differ in.
type kind struct {
	view, change permit.Need
	noClient     error
	resolve      func(r *realm.Realm, container string, o keycloak.Object) (*realm.Role, error)
	may          func(*rest.Request, *realm.Role) bool // give and take the role
	shows        func(*rest.Request, *realm.Role) bool // in the list of all
}

var errNoRole = rest.NotFound("Role not found")

// held are the mappings of users and groups.
var held = kind{
	view: permit.ToViewUsers, change: permit.ToManageUsers,
	noClient: rest.NotFound("Client not found"),
	resolve:  byBoth,
	may:      func(r *rest.Request, role *realm.Role) bool { return r.MayGrant(role) },
	shows:    visible,
}

// carried are the mappings of clients and client scopes.
var carried = kind{
	view: permit.ToViewClients, change: permit.ToManageClients,
	noClient: rest.NotFound("Could not find client"),
	resolve:  byID,
	may:      func(*rest.Request, *realm.Role) bool { return true },
	shows:    func(*rest.Request, *realm.Role) bool { return true },
}

// visible tells whether the caller may look at the role itself. Who may look at users alone may not.
func visible(r *rest.Request, role *realm.Role) bool {
	if role.Client == "" {
		return r.May(permit.ToViewRealm)
	}
	return r.May(permit.ToViewClients)
}

// byBoth finds a role of the container by id, which must have the name too that the body gives.
func byBoth(r *realm.Realm, container string, o keycloak.Object) (*realm.Role, error) {
	role := r.RoleByKey(o.Text("id"))
	if role == nil || role.Client != container || role.Name != o.Text("name") {
		return nil, errNoRole
	}
	return role, nil
}

// byID finds a role by id alone. Among the realm's own it takes those of clients for good, as Keycloak does.
func byID(r *realm.Realm, container string, o keycloak.Object) (*realm.Role, error) {
	id := o.Text("id")
	if id == "" {
		return nil, rest.BadRequest("A role has no id")
	}
	role := r.RoleByKey(id)
	if role == nil || container != "" && role.Client != container {
		return nil, errNoRole
	}
	return role, nil
}

func (d Deps) user(r *rest.Request) (*subject, error) {
	u, err := d.Holders.User(r.Context(), r.Realm.Key, r.PathValue("user"))
	if errors.Is(err, fault.ErrNotFound) {
		return nil, rest.NotFound("User not found")
	}
	if err != nil {
		return nil, err
	}
	s := d.holder(r, people.Holder{User: u.ID})
	s.keys, s.effective = u.Roles, func() realm.RoleSet { return *u.RolesIn(r.Realm) }
	return s, nil
}

func (d Deps) group(r *rest.Request) (*subject, error) {
	g, err := d.Holders.Group(r.Context(), r.Realm.Key, r.PathValue("group"))
	if errors.Is(err, fault.ErrNotFound) {
		return nil, rest.NotFound("Could not find group by id")
	}
	if err != nil {
		return nil, err
	}
	s := d.holder(r, people.Holder{Group: g.Key})
	s.keys, s.effective = g.Roles, func() realm.RoleSet { return expanded(r.Realm, g.Roles) }
	return s, nil
}

func (d Deps) holder(r *rest.Request, h people.Holder) *subject {
	return &subject{
		add:    func(ctx context.Context, p people.Part) error { return d.Held.Grant(ctx, r.Author, r.Realm, h, p) },
		remove: func(ctx context.Context, p people.Part) error { return d.Held.Revoke(ctx, r.Author, r.Realm, h, p) },
	}
}

// client is the client that the address names. It carries its own roles too, and with full scope all.
func (d Deps) client(r *rest.Request) (*subject, error) {
	c, err := r.Client()
	if err != nil {
		return nil, err
	}
	s := d.owner(r, manage.Owner{Realm: r.Realm.Name, Kind: realm.KindClient, Key: c.Key, Path: "clients/" + c.Key})
	s.keys, s.client = c.ScopeMappings, c.Key
	s.effective = func() realm.RoleSet {
		own := r.Realm.RolesOf(c.Key)
		if c.FullScope {
			own = r.Realm.Roles()
		}
		keys := c.ScopeMappings[:len(c.ScopeMappings):len(c.ScopeMappings)]
		for _, role := range own {
			keys = append(keys, role.Key)
		}
		return expanded(r.Realm, keys)
	}
	return s, nil
}

func (d Deps) scope(r *rest.Request) (*subject, error) {
	found, err := scopes.Find(r)
	if err != nil {
		return nil, err
	}
	s := d.owner(r, manage.Owner{Realm: r.Realm.Name, Kind: realm.KindScope, Key: found.Key, Path: "client-scopes/" + found.Key})
	s.keys, s.effective = found.ScopeMappings, func() realm.RoleSet { return expanded(r.Realm, found.ScopeMappings) }
	return s, nil
}

func (d Deps) owner(r *rest.Request, o manage.Owner) *subject {
	return &subject{
		add: func(ctx context.Context, p people.Part) error {
			return d.Carried.Add(ctx, r.Author, o, p.Client, p.Roles)
		},
		remove: func(ctx context.Context, p people.Part) error {
			return d.Carried.Remove(ctx, r.Author, o, p.Client, p.Roles)
		},
	}
}

// expanded are roles with all that they include.
func expanded(r *realm.Realm, keys []string) realm.RoleSet {
	var set realm.RoleSet
	r.Expand(&set, keys...)
	return set
}
