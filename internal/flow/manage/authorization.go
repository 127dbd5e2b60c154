package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
)

// Authorization changes the authorization services of clients. They are kept; nobody is asked by them.
type Authorization struct {
	Store AuthorizationStore
}

// AuthorizationStore keeps clients, and whatever their policies refer to.
type AuthorizationStore interface {
	Documents
	Referred
}

// Server is the client as a resource server, with the names of what its policies refer to.
// fault.ErrNotFound where it is none.
func (a *Authorization) Server(ctx context.Context, r *realm.Realm, client *realm.Client) (*authz.Server, authz.Names, error) {
	kept, err := a.Store.Extra(ctx, r.Key, realm.KindClient, client.Key)
	if err != nil {
		return nil, nil, err
	}
	if !authz.On(kept) {
		return nil, nil, fault.ErrNotFound
	}
	s := authz.Read(client, kept)
	people, err := a.people(ctx, r.Key, s.Mentions())
	return s, names{r, people}, err
}

// authorizationRecord is what the admin event of a change to a resource server says, its path below the server's.
type authorizationRecord struct {
	operation, resource, path string
	body                      keycloak.Object
}

// change changes the authorization services of the client with this key. What the body refers to is looked
// up ahead of the edit. The change may run again.
func (a *Authorization) change(ctx context.Context, author audit.Author, r *realm.Realm, key string, body keycloak.Object, change func(*authz.Server, authz.Names) (authorizationRecord, error)) error {
	people, err := a.people(ctx, r.Key, authz.Mentions(body))
	if err != nil {
		return err
	}
	return a.Store.Edit(ctx, r.Name, func(d *realm.Draft) ([]event.Admin, error) {
		client := d.Realm().ClientByKey(key)
		if client == nil {
			return nil, fault.ErrNotFound
		}
		kept, err := loadExtra(d, realm.KindClient, key)
		if err != nil {
			return nil, err
		}
		if !authz.On(kept) {
			return nil, fault.ErrNotFound
		}
		s := authz.Read(client, kept)
		done, err := change(s, names{d.Realm(), people})
		if err != nil {
			return nil, err
		}
		s.Keep(kept)
		with := *client
		with.Extra = kept
		d.PutClient(&with)
		return author.Of(d.Realm(), done.operation, done.resource, "clients/"+key+"/authz/resource-server"+done.path, orNil(done.body)), nil
	})
}

// The resource types of admin events about authorization services.
const (
	resourceAuthorization = "AUTHORIZATION_RESOURCE_SERVER"
	resourceProtected     = "AUTHORIZATION_RESOURCE"
	resourceAuthzScope    = "AUTHORIZATION_SCOPE"
	resourceAuthzPolicy   = "AUTHORIZATION_POLICY"
)

// Set changes how a client enforces its policies.
func (a *Authorization) Set(ctx context.Context, author audit.Author, r *realm.Realm, client string, body keycloak.Object) error {
	return a.change(ctx, author, r, client, nil, func(s *authz.Server, _ authz.Names) (authorizationRecord, error) {
		return authorizationRecord{audit.Update, resourceAuthorization, "", body}, s.Set(body)
	})
}

// Import adds what an export of authorization services holds.
func (a *Authorization) Import(ctx context.Context, author audit.Author, r *realm.Realm, client string, body keycloak.Object) error {
	return a.change(ctx, author, r, client, body, func(s *authz.Server, names authz.Names) (authorizationRecord, error) {
		return authorizationRecord{audit.Update, resourceAuthorization, "/import", body}, s.Import(body, names, author.NewID)
	})
}

// PutResource adds a resource, or replaces the one with this id, and gives its id.
func (a *Authorization) PutResource(ctx context.Context, author audit.Author, r *realm.Realm, client, id string, body keycloak.Object) (made string, err error) {
	return a.put(ctx, author, r, client, id, resourceProtected, "/resource/", body, func(s *authz.Server, names authz.Names) (string, error) {
		return s.PutResource(id, body, names, author.NewID)
	})
}

// PutScope adds a scope, or replaces the one with this id, and gives its id.
func (a *Authorization) PutScope(ctx context.Context, author audit.Author, r *realm.Realm, client, id string, body keycloak.Object) (made string, err error) {
	return a.put(ctx, author, r, client, id, resourceAuthzScope, "/scope/", body, func(s *authz.Server, _ authz.Names) (string, error) {
		return s.PutScope(id, body, author.NewID)
	})
}

// PutPolicy adds a policy, or replaces the one with this id, and gives its id. An empty kind is the body's
// to say.
func (a *Authorization) PutPolicy(ctx context.Context, author audit.Author, r *realm.Realm, client, id, kind string, body keycloak.Object) (made string, err error) {
	return a.put(ctx, author, r, client, id, resourceAuthzPolicy, "/policy/", body, func(s *authz.Server, names authz.Names) (string, error) {
		return s.PutPolicy(id, kind, body, names, author.NewID)
	})
}

// put adds something, or with an id changes it.
func (a *Authorization) put(ctx context.Context, author audit.Author, r *realm.Realm, client, id, resource, path string, body keycloak.Object, put func(*authz.Server, authz.Names) (string, error)) (made string, err error) {
	operation := audit.Create
	if id != "" {
		operation = audit.Update
	}
	err = a.change(ctx, author, r, client, body, func(s *authz.Server, names authz.Names) (authorizationRecord, error) {
		var err error
		made, err = put(s, names)
		return authorizationRecord{operation, resource, path + made, body}, err
	})
	return made, err
}

// DeleteResource removes a resource and the permissions for it alone.
func (a *Authorization) DeleteResource(ctx context.Context, author audit.Author, r *realm.Realm, client, id string) error {
	return a.change(ctx, author, r, client, nil, func(s *authz.Server, _ authz.Names) (authorizationRecord, error) {
		return authorizationRecord{audit.Delete, resourceProtected, "/resource/" + id, nil}, s.DeleteResource(id)
	})
}

// DeleteScope removes a scope that no resource has, and the permissions for it alone.
func (a *Authorization) DeleteScope(ctx context.Context, author audit.Author, r *realm.Realm, client, id string) error {
	return a.change(ctx, author, r, client, nil, func(s *authz.Server, _ authz.Names) (authorizationRecord, error) {
		return authorizationRecord{audit.Delete, resourceAuthzScope, "/scope/" + id, nil}, s.DeleteScope(id)
	})
}

// DeletePolicy removes a policy.
func (a *Authorization) DeletePolicy(ctx context.Context, author audit.Author, r *realm.Realm, client, id string) error {
	return a.change(ctx, author, r, client, nil, func(s *authz.Server, _ authz.Names) (authorizationRecord, error) {
		return authorizationRecord{audit.Delete, resourceAuthzPolicy, "/policy/" + id, nil}, s.DeletePolicy(id)
	})
}
