package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// RealmNames finds realms by name; fault.ErrNotFound.
type RealmNames interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Neighbour is the realm of this server that has this issuer, switched on or not; nil where it is another server's.
// fault.ErrNotFound: it would be this server's, and no realm has it (any more).
func Neighbour(ctx context.Context, realms RealmNames, at At, issuer string) (*realm.Realm, error) {
	const way = "/realms/"
	i := strings.LastIndex(issuer, way)
	if i < 0 {
		return nil, nil
	}
	own := issuer[:i] == at.Base
	r, err := realms.Realm(ctx, issuer[i+len(way):])
	switch {
	case errors.Is(err, fault.ErrNotFound) && !own:
		return nil, nil
	case err != nil:
		return nil, err
	case r.Issuer(at.Base) == issuer: // by the server's name, or one of the realm's own
		return r, nil
	case own:
		return nil, fault.ErrNotFound
	}
	return nil, nil
}
