package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

// Components changes a realm's components. Key providers are acted on; the others are kept.
type Components struct {
	Store ComponentStore
}

// ComponentStore keeps realms with their components.
type ComponentStore interface {
	Documents
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

var errNoComponent = &fault.NotFound{Message: "Could not find component"}

// errProvider refuses a component of a provider that there is not.
var errProvider = &fault.Refused{Message: "Invalid provider type or no such provider"}

// Create adds a component and gives its id, which it may bring. Where it brings no parent it is the realm's. A
// *fault.Conflict says that another has the id.
func (c *Components) Create(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error) {
	made := component.Component{Config: map[string][]string{}}
	if made.ID, err = idFrom(body, author); err != nil {
		return "", err
	}
	take(&made, body)
	if !component.Known(made.Type, made.Provider) {
		return "", errProvider
	}
	if made.Type == keycloak.KeyProviderType {
		return made.ID, c.createKey(ctx, author, realmName, made)
	}
	if err := made.Check(); err != nil {
		return "", err
	}
	return made.ID, c.changeKept(ctx, author, realmName, audit.Create, made.ID, func(r *realm.Realm, list []component.Component) ([]component.Component, error) {
		put := made
		if ofRealm(r, put.Parent) {
			put.Parent = r.ID()
		} else if component.Find(list, put.Parent) == nil {
			return nil, errParent
		}
		if err := freeID(r, list, put.ID); err != nil {
			return nil, err
		}
		return append(list, put), nil
	})
}

// idFrom is the id that a body brings for what is to be made, or a new one.
func idFrom(body keycloak.Object, author audit.Author) (string, error) {
	id := body.Text("id")
	if id == "" {
		return author.NewID(), nil
	}
	if err := realm.CheckReserved(id); err != nil {
		return "", keycloak.At("id", err)
	}
	return id, nil
}

// freeID refuses the id of another component of the realm. Keys are components too.
func freeID(r *realm.Realm, list []component.Component, id string) error {
	if component.Find(list, id) != nil || r.KeyBy(id) != nil {
		return &fault.Conflict{Kind: "component", Field: "id"}
	}
	return nil
}

// ofRealm tells whether a parent is the realm itself. Tools name it by its name too: where they make
// realms, that is the id.
func ofRealm(r *realm.Realm, parent string) bool {
	return parent == "" || parent == r.ID() || parent == r.Name
}

// errParent refuses a component that would belong to nothing.
var errParent = &fault.Refused{Message: "Parent component not found"}

// take puts what a body says of a component into it.
func take(c *component.Component, body keycloak.Object) {
	for member, into := range map[string]*string{"name": &c.Name, "providerId": &c.Provider, "providerType": &c.Type, "parentId": &c.Parent, "subType": &c.SubType} {
		if text := body.Text(member); text != "" {
			*into = text
		}
	}
	c.Merge(keycloak.Value[map[string][]string](body, "config"))
}

// Update changes what a body names of a component; settings that it does not name, or masks, stay.
func (c *Components) Update(ctx context.Context, author audit.Author, realmName, id string, body keycloak.Object) error {
	r, err := c.Store.Realm(ctx, realmName)
	if err != nil {
		return err
	}
	if r.KeyBy(id) != nil {
		return c.updateKey(ctx, author, r, id, body)
	}
	return c.changeKept(ctx, author, realmName, audit.Update, id, func(r *realm.Realm, list []component.Component) ([]component.Component, error) {
		found := component.Find(list, id)
		if found == nil {
			return nil, errNoComponent
		}
		before := *found
		take(found, body)
		found.Type, found.Parent = before.Type, before.Parent // what it is and where it stands does not change
		if !component.Known(found.Type, found.Provider) && found.Provider != before.Provider {
			return nil, errProvider
		}
		if err := found.Check(); err != nil {
			return nil, err
		}
		return list, found.CheckSecrets(before, keycloak.Value[map[string][]string](body, "config"))
	})
}

// Delete removes a component and all that is part of it.
func (c *Components) Delete(ctx context.Context, author audit.Author, realmName, id string) error {
	return c.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		if d.Realm().KeyBy(id) != nil {
			d.Delete(realm.KindKey, id)
			return author.Of(d.Realm(), audit.Delete, resourceComponent, "components/"+id, nil), nil
		}
		return changeKept(d, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
			list := component.Read(r.ID(), kept)
			if component.Find(list, id) == nil {
				return nil, errNoComponent
			}
			component.Keep(r.ID(), kept, component.Without(list, id))
			return author.Of(r, audit.Delete, resourceComponent, "components/"+id, nil), nil
		})
	})
}

// resourceComponent is the resource type of admin events about components.
const resourceComponent = "COMPONENT"

// changeKept changes the components that are no key providers, and records what became of the one with
// this id. The change may run again.
func (c *Components) changeKept(ctx context.Context, author audit.Author, realmName, operation, id string, change func(*realm.Realm, []component.Component) ([]component.Component, error)) error {
	return editKept(ctx, c.Store, realmName, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
		list, err := change(r, component.Read(r.ID(), kept))
		if err != nil {
			return nil, err
		}
		component.Keep(r.ID(), kept, list)
		return author.Of(r, operation, resourceComponent, "components/"+id, component.Find(list, id).Shown()), nil
	})
}
