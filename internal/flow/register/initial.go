package register

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

const initialResource = "CLIENT_INITIAL_ACCESS_MODEL"

// NewInitialAccess lets whoever holds the token that it gives register clients: as many, and as long, as
// the representation says, with its members "count" and "expiration" in seconds.
func (g *Registrar) NewInitialAccess(ctx context.Context, author audit.Author, r *realm.Realm, base string, o keycloak.Object) (realm.InitialAccess, string, error) {
	a := realm.InitialAccess{
		Key: author.NewID(), Created: author.Now.Truncate(time.Second), Count: 1,
		Expires: time.Duration(keycloak.Value[int64](o, "expiration")) * time.Second,
		Origins: keycloak.Value[[]string](o, "webOrigins"),
	}
	if o.Has("count") {
		a.Count = keycloak.Value[int](o, "count")
	}
	switch {
	case a.Count < 0:
		return a, "", oauth.Errorf("Invalid value for count", "The count cannot be less than 0")
	case a.Expires < 0:
		return a, "", oauth.Errorf("Invalid value for expiration", "The expiration time interval cannot be less than 0")
	}
	a.Remaining = a.Count
	signed, err := g.signInitial(ctx, r, base, a)
	if err != nil {
		return a, "", err
	}
	return a, signed, g.Access.AddInitialAccess(ctx, r.Key, a, author.Of(r, audit.Create, initialResource, "clients-initial-access/"+a.Key, o))
}

// InitialAccesses are the permissions to register, oldest first.
func (g *Registrar) InitialAccesses(ctx context.Context, r *realm.Realm) ([]realm.InitialAccess, error) {
	return g.Access.InitialAccesses(ctx, r.Key)
}

// DropInitialAccess ends a permission to register. Nothing happens where there is none.
func (g *Registrar) DropInitialAccess(ctx context.Context, author audit.Author, r *realm.Realm, key string) error {
	err := g.Access.DropInitialAccess(ctx, r.Key, key, author.Of(r, audit.Delete, initialResource, "clients-initial-access/"+key, nil))
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}

// NewToken gives a client a registration access token in the name of an administrator. The one that it had
// works no longer.
func (g *Registrar) NewToken(ctx context.Context, author audit.Author, r *realm.Realm, base, key string) (string, error) {
	id := author.NewID()
	signed, err := g.signRegistration(ctx, r, base, id, registration.Authenticated, nil, author.Now)
	if err != nil {
		return "", err
	}
	return signed, g.Clients.SetRegistration(ctx, author, r.Name, key, id)
}
