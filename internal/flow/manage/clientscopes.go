package manage

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// Assignment is how a client scope belongs to a client.
type Assignment int

const (
	Default  Assignment = iota // always in play
	Optional                   // in play when the request names it
)

// Path is the last part but one of the address of an assignment.
func (a Assignment) Path() string {
	if a == Optional {
		return "optional-client-scopes"
	}
	return "default-client-scopes"
}

const assignmentResource = "CLIENT_SCOPE_CLIENT_MAPPING"

// AssignScope gives a client a client scope; one that it has already, either way, stays as it is. One of
// another protocol than the client's would never come into play, and is passed over.
func (c *Clients) AssignScope(ctx context.Context, author audit.Author, realmName, key, scope string, as Assignment) error {
	return c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		s := d.Realm().ScopeByKey(scope)
		if s == nil {
			return nil, &fault.NotFound{Message: "Client scope not found"}
		}
		record := author.Of(d.Realm(), audit.Create, assignmentResource, clientPath(key, as.Path(), scope), nil)
		if s.OIDC() != client.OIDC() || slices.Contains(client.DefaultScopes, scope) || slices.Contains(client.OptionalScopes, scope) {
			return record, errUnchanged
		}
		list := &client.DefaultScopes
		if as == Optional {
			list = &client.OptionalScopes
		}
		*list = append(slices.Clone(*list), scope)
		return record, nil
	})
}

// UnassignScope takes a client scope from a client, whichever way it has it. as is the way the caller
// named, which the admin event tells.
func (c *Clients) UnassignScope(ctx context.Context, author audit.Author, realmName, key, scope string, as Assignment) error {
	return c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		if d.Realm().ScopeByKey(scope) == nil {
			return nil, &fault.NotFound{Message: "Client scope not found"}
		}
		is := func(other string) bool { return other == scope }
		client.DefaultScopes = slices.DeleteFunc(slices.Clone(client.DefaultScopes), is)
		client.OptionalScopes = slices.DeleteFunc(slices.Clone(client.OptionalScopes), is)
		return author.Of(d.Realm(), audit.Delete, assignmentResource, clientPath(key, as.Path(), scope), nil), nil
	})
}
