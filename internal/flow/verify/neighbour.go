package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
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

// ErrNeighbour is a token that says that a realm of this server issued it, which is none that can vouch for it.
var ErrNeighbour = fmt.Errorf("%w: no other realm of this server that is enabled has this issuer", federation.ErrSignature)

// Beside is the other realm of this server that has this issuer, for who takes its tokens as an identity provider's; nil
// where it is another server's. A realm is no provider of its own: what it issued is worth what its own rules say, and no
// access token of its is a credential besides. A refusal is ErrNeighbour.
func Beside(ctx context.Context, realms RealmNames, at At, issuer string) (*realm.Realm, error) {
	home, err := Neighbour(ctx, realms, at, issuer)
	if errors.Is(err, fault.ErrNotFound) || home != nil && (!home.Enabled || home.Key == at.Realm.Key) {
		return nil, ErrNeighbour
	}
	return home, err
}

// ErrActor is a token of another server that says that somebody of this one acts by it.
var ErrActor = fmt.Errorf("%w: it says that somebody of this server acts by it", federation.ErrClaims)

// CheckActors asks that a token of another server names nobody of a realm of this one as who acts, or acted, by it: only the
// realm itself can say so, and an issuer that may say whom a token is about may not say that somebody here stands behind
// it. Who may act is asked to prove it. A refusal is ErrActor.
func CheckActors(ctx context.Context, realms RealmNames, at At, act *token.Actor) error {
	for ; act != nil; act = act.Actor {
		home, err := Neighbour(ctx, realms, at, act.Issuer)
		switch {
		case home != nil, errors.Is(err, fault.ErrNotFound):
			return ErrActor
		case err != nil:
			return err
		}
	}
	return nil
}
