package people

import (
	"context"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Looks knows how realms want their pages. It reads a version of a realm once.
type Looks struct {
	kept  Kept
	looks *otter.Cache[string, *lookOf]
}

type lookOf struct {
	realm.Look
	version int64
}

// NewLooks knows the looks of the realms in a store.
func NewLooks(kept Kept) *Looks {
	return &Looks{kept, otter.Must(&otter.Options[string, *lookOf]{MaximumSize: maxTerms})}
}

// Look is that of a realm. It is shared and must not be changed.
func (l *Looks) Look(ctx context.Context, r *realm.Realm) (*realm.Look, error) {
	if known, ok := l.looks.GetIfPresent(r.Key); ok && known.version == r.Version {
		return &known.Look, nil
	}
	kept, err := l.kept.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil {
		return nil, err
	}
	look := &lookOf{keycloak.KeptLook(kept), r.Version}
	l.looks.Set(r.Key, look)
	return &look.Look, nil
}
