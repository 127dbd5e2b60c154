package manage

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// Providers changes identity providers and their mappers.
type Providers struct {
	Store Documents
}

// resourceProvider is the resource type of admin events about identity providers.
const resourceProvider = "IDENTITY_PROVIDER"

// Create adds an identity provider. ErrConflict where the alias is taken.
func (p *Providers) Create(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error {
	return p.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		made, err := describedProvider(d, body)
		if err != nil {
			return nil, err
		}
		if d.Realm().Provider(made.Alias) != nil {
			return nil, &fault.Conflict{Message: "Identity Provider " + made.Alias + " already exists"}
		}
		if made.Key == "" || slices.ContainsFunc(d.Realm().Providers(), func(other *realm.Provider) bool { return other.Key == made.Key }) {
			made.Key = author.NewID()
		}
		d.PutProvider(made)
		return author.Of(d.Realm(), audit.Create, resourceProvider, "identity-provider/instances/"+made.Alias, body), nil
	})
}

// describedProvider reads an identity provider, and refuses one that cannot work.
func describedProvider(d *realm.Draft, body keycloak.Object) (*realm.Provider, error) {
	described := keycloak.Object{}
	for name, value := range body {
		if name != "types" { // which follow from what it is
			described[name] = value
		}
	}
	p, notes := keycloak.ToProvider(described)
	if err := keycloak.Refused(notes); err != nil {
		return nil, err
	}
	if !body.Has("alias") {
		return nil, &fault.Invalid{Field: "alias", Message: "path is null"}
	}
	if _, ok := idp.Find(p.Kind); !ok {
		return nil, unknownKind(p.Kind)
	}
	if err := idp.Check(&d.Realm().Settings, p); err != nil {
		return nil, err
	}
	kept, err := loadExtra(d, realm.KindRealm, d.Realm().Key)
	if err != nil {
		return nil, err
	}
	flows := authflow.Read(d.Realm().Key, kept)
	for _, member := range []string{"firstBrokerLoginFlowAlias", "postBrokerLoginFlowAlias"} {
		if alias := described.Text(member); alias != "" && flows.FlowOf(alias) == nil {
			return nil, &fault.Invalid{Field: member, Message: "No available authentication flow with alias: " + alias}
		}
	}
	return p, nil
}

func unknownKind(kind string) error {
	if kind == "" {
		kind = "null"
	}
	return &fault.Invalid{Field: "providerId", Message: "Invalid identity provider id [" + kind + "]"}
}

// Update replaces an identity provider. A secret that is masked stays as it was, see idp.KeepSecret; the alias stays anyway.
func (p *Providers) Update(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) error {
	return p.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		old := d.Realm().Provider(alias)
		if old == nil {
			return nil, fault.ErrNotFound
		}
		if _, ok := idp.Find(body.Text("providerId")); !ok {
			return nil, unknownKind(body.Text("providerId"))
		}
		if body.Has("alias") && body.Text("alias") != alias {
			return nil, &fault.Invalid{Field: "alias", Message: "Identity Provider alias cannot be changed"}
		}
		named := keycloak.Object{"alias": body["alias"]}
		for name, value := range body {
			named[name] = value
		}
		named.Put("alias", alias)
		with, err := describedProvider(d, named)
		if err != nil {
			return nil, err
		}
		with.Key = old.Key
		if err := idp.KeepSecret(with, old); err != nil {
			return nil, err
		}
		d.PutProvider(with)
		return author.Of(d.Realm(), audit.Update, resourceProvider, "identity-provider/instances/"+alias, body), nil
	})
}

// Delete removes an identity provider with its mappers.
func (p *Providers) Delete(ctx context.Context, author audit.Author, realmName, alias string) error {
	return p.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		old := d.Realm().Provider(alias)
		if old == nil {
			return nil, fault.ErrNotFound
		}
		d.Delete(realm.KindProvider, old.Key)
		return changeKept(d, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
			idp.KeepMappers(kept, slices.DeleteFunc(idp.Mappers(r.Key, kept), func(m idp.Mapper) bool { return m.Provider == alias }))
			return author.Of(r, audit.Delete, resourceProvider, "identity-provider/instances/"+alias, nil), nil
		})
	})
}

// resourceProviderMapper is the resource type of admin events about the mappers of identity providers.
const resourceProviderMapper = "IDENTITY_PROVIDER_MAPPER"

var errNoMapper = &fault.NotFound{Message: "Model not found"}

// AddMapper gives an identity provider a mapper, and gives the mapper's id, which it may bring. A *fault.Conflict without a
// message says that it lacks its name, kind or provider, or has the id of another.
func (p *Providers) AddMapper(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) (id string, err error) {
	err = p.changeMappers(ctx, author, realmName, alias, audit.Create, body, func(r *realm.Realm, list []idp.Mapper) ([]idp.Mapper, string, error) {
		made := describedMapper(alias, body)
		if made.Name == "" || made.Kind == "" || !body.Has("identityProviderAlias") {
			return nil, "", &fault.Conflict{Kind: "identity provider mapper", Field: "name"}
		}
		if slices.ContainsFunc(idp.MappersOf(list, alias), func(m idp.Mapper) bool { return m.Name == made.Name }) {
			return nil, "", &fault.Invalid{Field: "name", Message: "Failed to add mapper '" + made.Name + "' to identity provider [" + r.Provider(alias).Kind + "]."}
		}
		var err error
		if made.ID, err = idFrom(body, author); err != nil {
			return nil, "", err
		}
		if slices.ContainsFunc(list, func(m idp.Mapper) bool { return m.ID == made.ID }) {
			return nil, "", &fault.Conflict{Kind: "identity provider mapper", Field: "id"}
		}
		id = made.ID
		return append(list, made), made.ID, nil
	})
	return id, err
}

func describedMapper(alias string, body keycloak.Object) idp.Mapper {
	m := idp.Mapper{Name: body.Text("name"), Provider: alias, Kind: body.Text("identityProviderMapper"), Config: keycloak.Value[map[string]string](body, "config")}
	if m.Config == nil {
		m.Config = map[string]string{}
	}
	maps.DeleteFunc(m.Config, func(_, value string) bool { return value == "" })
	return m
}

// UpdateMapper replaces a mapper of an identity provider.
func (p *Providers) UpdateMapper(ctx context.Context, author audit.Author, realmName, alias, id string, body keycloak.Object) error {
	return p.changeMappers(ctx, author, realmName, alias, audit.Update, body, func(r *realm.Realm, list []idp.Mapper) ([]idp.Mapper, string, error) {
		found := idp.FindMapper(list, alias, id)
		if found == nil {
			return nil, "", errNoMapper
		}
		with := describedMapper(alias, body)
		if with.Name == "" {
			with.Name = found.Name
		}
		if slices.ContainsFunc(idp.MappersOf(list, alias), func(m idp.Mapper) bool { return m.Name == with.Name && m.ID != id }) {
			return nil, "", &fault.Conflict{Message: "Mapper " + strconv.Quote(with.Name) + " of identity provider " + alias + " already exists"}
		}
		with.ID = id
		*found = with
		return list, id, nil
	})
}

// DeleteMapper removes a mapper of an identity provider.
func (p *Providers) DeleteMapper(ctx context.Context, author audit.Author, realmName, alias, id string) error {
	return p.changeMappers(ctx, author, realmName, alias, audit.Delete, nil, func(r *realm.Realm, list []idp.Mapper) ([]idp.Mapper, string, error) {
		if idp.FindMapper(list, alias, id) == nil {
			return nil, "", errNoMapper
		}
		return slices.DeleteFunc(list, func(m idp.Mapper) bool { return m.Provider == alias && m.ID == id }), id, nil
	})
}

// changeMappers changes the mappers of a realm's providers, with an admin event about the one of alias
// whose id the change gives. The change may run again.
func (p *Providers) changeMappers(ctx context.Context, author audit.Author, realmName, alias, operation string, body keycloak.Object, change func(*realm.Realm, []idp.Mapper) ([]idp.Mapper, string, error)) error {
	return editKept(ctx, p.Store, realmName, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
		if r.Provider(alias) == nil {
			return nil, fault.ErrNotFound
		}
		list, id, err := change(r, idp.Mappers(r.Key, kept))
		if err != nil {
			return nil, err
		}
		idp.KeepMappers(kept, list)
		return author.Of(r, operation, resourceProviderMapper, "identity-provider/instances/"+alias+"/mappers/"+id, orNil(body)), nil
	})
}

// orNil is a representation, or no value at all where there is none.
func orNil(body keycloak.Object) any {
	if body == nil {
		return nil
	}
	return body
}
