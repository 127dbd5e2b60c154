package people

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Groups changes groups.
type Groups struct{ Store GroupStore }

// GroupStore keeps groups.
type GroupStore interface {
	PutGroup(ctx context.Context, realmKey string, g *realm.Group, audit []event.Admin) error
	EditGroup(ctx context.Context, realmKey, key string, edit func(*realm.Group) ([]event.Admin, error)) error
	DeleteGroup(ctx context.Context, realmKey, key string, audit []event.Admin) error
}

// Create adds a group below parent, which is nil at the top. The roles and the subgroups of the
// representation are passed over, like its id. A name that is taken there is a *fault.Conflict.
func (g *Groups) Create(ctx context.Context, author audit.Author, r *realm.Realm, parent *realm.Group, representation keycloak.Object) (*realm.Group, error) {
	made := keycloak.ToGroup(representation, parent)
	if err := checkGroup(made); err != nil {
		return nil, err
	}
	made.Key = author.NewID()
	path := "groups/" + made.Key
	if parent != nil {
		path = "groups/" + parent.Key + "/children"
	}
	err := g.Store.PutGroup(ctx, r.Key, made, author.Of(r, audit.Create, groupResource, path, groupRecord(representation, made.Key)))
	return made, explain(err, made)
}

// Update changes what the representation says of a group: see keycloak.MergeGroup.
func (g *Groups) Update(ctx context.Context, author audit.Author, r *realm.Realm, key string, representation keycloak.Object) error {
	var with *realm.Group
	err := g.Store.EditGroup(ctx, r.Key, key, func(group *realm.Group) ([]event.Admin, error) {
		with = keycloak.MergeGroup(group, representation)
		if err := checkGroup(with); err != nil {
			return nil, err
		}
		*group = *with
		return author.Of(r, audit.Update, groupResource, "groups/"+key, groupRecord(representation, "")), nil
	})
	if errors.Is(err, fault.ErrConflict) {
		return siblingTaken(with.Name)
	}
	return explain(err, nil)
}

// Move puts a group, with all below it, below the parent with this key, or at the top for "". A group stays
// where it is when it is to go below itself; below one of its own it cannot go.
func (g *Groups) Move(ctx context.Context, author audit.Author, r *realm.Realm, key, parent string) error {
	if key == parent {
		return nil
	}
	var moved *realm.Group
	err := g.Store.EditGroup(ctx, r.Key, key, func(group *realm.Group) ([]event.Admin, error) {
		group.Parent = parent
		moved = group
		return author.Of(r, audit.Update, groupResource, "groups/"+key, keycloak.FromGroup(r, group)), nil
	})
	return explain(err, moved)
}

// Delete removes a group and all below it. Members stay what else they are.
func (g *Groups) Delete(ctx context.Context, author audit.Author, r *realm.Realm, group *realm.Group) error {
	return explain(g.Store.DeleteGroup(ctx, r.Key, group.Key,
		author.Of(r, audit.Delete, groupResource, "groups/"+group.Key, keycloak.FromGroup(r, group))), nil)
}

const groupResource = "GROUP"

// checkGroup refuses a group that cannot be addressed, and what Keycloak has no room for: an export could
// not be imported there.
func checkGroup(g *realm.Group) error {
	const longest = 255
	switch {
	case strings.TrimSpace(g.Name) == "":
		return &fault.Invalid{Field: "name", Message: "Group name is missing"}
	case len([]rune(g.Name)) > longest:
		return &fault.Invalid{Field: "name", Message: "Group name is longer than 255 characters"}
	}
	for name, values := range g.Attributes {
		for _, value := range append(values, name) {
			if len([]rune(value)) > longest {
				return &fault.Invalid{Field: "attributes." + name, Message: "Attribute " + name + " of a group is longer than 255 characters"}
			}
		}
	}
	return nil
}

// explain puts a failed write of a group in Keycloak's words.
func explain(err error, g *realm.Group) error {
	switch {
	case errors.Is(err, fault.ErrConflict) && g != nil && g.Parent == "":
		return &fault.Conflict{Kind: "group", Field: "name", Message: "Top level group named '" + g.Name + "' already exists."}
	case errors.Is(err, fault.ErrConflict) && g != nil:
		return siblingTaken(g.Name)
	case errors.Is(err, fault.ErrNotFound):
		return &fault.NotFound{Message: "Could not find group by id"}
	}
	return err
}

func siblingTaken(name string) error {
	return &fault.Conflict{Kind: "group", Field: "name", Message: "Sibling group named '" + name + "' already exists."}
}

// groupRecord is the representation of a group as its admin event keeps it: what came, and the id that it
// was given, where it is new.
func groupRecord(representation keycloak.Object, id string) keycloak.Object {
	o := keycloak.Object{}
	o.Put("subGroups", []keycloak.Object{})
	for name, value := range representation {
		o[name] = value
	}
	if id != "" {
		o.Put("id", id)
	}
	return o
}
