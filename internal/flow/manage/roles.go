package manage

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Roles changes roles of realms and of clients.
type Roles struct{ Store Documents }

// RoleAt is a role by the name of its realm and its key, and the address below the realm by which the
// caller came to it, which the admin event names.
type RoleAt struct{ Realm, Key, Path string }

// NewRole is a role to be made.
type NewRole struct {
	Realm          string          // name
	Client         string          // key of its client; empty for one of the realm
	Representation keycloak.Object // its id and the roles that it includes are passed over
	Includes       []string        // keys of the roles that it includes
	Path           string          // its address below the realm
}

// Create adds a role, under a key that no role had before. A name that is taken is a *fault.Conflict.
func (m *Roles) Create(ctx context.Context, author audit.Author, n NewRole) error {
	role := keycloak.ToRole(n.Representation, n.Client)
	role.Key = author.NewID()
	return m.Store.Edit(ctx, n.Realm, func(d *realm.Draft) ([]event.Admin, error) {
		r := d.Realm()
		if n.Client != "" && r.ClientByKey(n.Client) == nil {
			return nil, errNoClient
		}
		if roleNamed(r, n.Client, role.Name) != nil {
			return nil, &fault.Conflict{Kind: "role", Field: "name", Message: "Role with name " + role.Name + " already exists"}
		}
		made := *role
		made.Composites = presentRoles(r, n.Includes)
		if err := putRole(d, &made); err != nil {
			return nil, err
		}
		return author.Of(r, audit.Create, roleResource(&made), n.Path, roleRecord(n.Representation, made.Key)), nil
	})
}

// Update changes what the representation says of a role: see keycloak.MergeRole. A name that is taken is
// a *fault.Conflict.
func (m *Roles) Update(ctx context.Context, author audit.Author, at RoleAt, representation keycloak.Object) error {
	return m.edit(ctx, at, func(d *realm.Draft, role *realm.Role) ([]event.Admin, error) {
		with := keycloak.MergeRole(role, representation)
		if other := roleNamed(d.Realm(), role.Client, with.Name); other != nil && other.Key != role.Key {
			return nil, &fault.Conflict{Kind: "role", Field: "name"}
		}
		if err := putRole(d, with); err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), audit.Update, roleResource(role), at.Path, roleRecord(representation, "")), nil
	})
}

// Delete removes a role from the realm and from all that includes or carries it. Those who hold it keep a
// key that leads nowhere: no role is ever made under it again. The realm's default role stays.
func (m *Roles) Delete(ctx context.Context, author audit.Author, at RoleAt) error {
	return m.edit(ctx, at, func(d *realm.Draft, role *realm.Role) ([]event.Admin, error) {
		if role.Key == d.Realm().DefaultRole {
			return nil, &fault.Invalid{Message: role.Name + " is default role of the realm and cannot be removed."}
		}
		record := keycloak.FromRole(d.Realm(), role)
		dropRoles(d, role.Key)
		return author.Of(d.Realm(), audit.Delete, roleResource(role), at.Path, record), nil
	})
}

// Include makes roles, by their keys, part of another one. Those that are already, stay.
func (m *Roles) Include(ctx context.Context, author audit.Author, at RoleAt, parts []string) error {
	return m.recompose(ctx, author, at, audit.Create, realm.WithKeys, parts)
}

// Exclude makes roles, by their keys, no longer part of another one.
func (m *Roles) Exclude(ctx context.Context, author audit.Author, at RoleAt, parts []string) error {
	return m.recompose(ctx, author, at, audit.Delete, realm.WithoutKeys, parts)
}

func (m *Roles) recompose(ctx context.Context, author audit.Author, at RoleAt, operation string, change func(now, parts []string) []string, parts []string) error {
	return m.edit(ctx, at, func(d *realm.Draft, role *realm.Role) ([]event.Admin, error) {
		with := *role
		with.Composites = presentRoles(d.Realm(), change(role.Composites, parts))
		if !slices.Equal(with.Composites, role.Composites) {
			d.PutRole(&with)
		}
		return author.Of(d.Realm(), operation, roleResource(role), at.Path+"/composites", keycloak.MentionedRoles(d.Realm(), parts)), nil
	})
}

// edit changes a role; what change gets is a copy with Extra loaded.
func (m *Roles) edit(ctx context.Context, at RoleAt, change func(*realm.Draft, *realm.Role) ([]event.Admin, error)) error {
	return m.Store.Edit(ctx, at.Realm, func(d *realm.Draft) ([]event.Admin, error) {
		role := d.Realm().RoleByKey(at.Key)
		if role == nil {
			return nil, &fault.NotFound{Message: "Could not find role"}
		}
		with := *role
		var err error
		if with.Extra, err = loadExtra(d, realm.KindRole, at.Key); err != nil {
			return nil, err
		}
		return change(d, &with)
	})
}

// putRole checks a role and puts it into the draft.
func putRole(d *realm.Draft, role *realm.Role) error {
	if err := realm.CheckRole(role); err != nil {
		return err
	}
	if err := checkDescription(role.Extra); err != nil {
		return err
	}
	d.PutRole(role)
	return nil
}

// longestText is how many characters Keycloak has room for in names and descriptions.
const longestText = 255

// checkDescription refuses a description that Keycloak has no room for: an export could not be imported
// there.
func checkDescription(kept realm.Extra) error {
	if len([]rune(keycloak.Object(kept).Text("description"))) > longestText {
		return &fault.Invalid{Field: "description", Message: "Description is longer than 255 characters"}
	}
	return nil
}
