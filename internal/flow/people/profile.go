package people

import (
	"context"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Profiles changes what realms say about their users' profiles.
type Profiles struct{ Store RealmEditor }

// Configure makes this the user profile configuration of a realm. One that cannot be taken is a
// *fault.Invalid that names all its problems.
func (p *Profiles) Configure(ctx context.Context, author audit.Author, r *realm.Realm, c profile.Config, representation keycloak.Object) error {
	return p.Store.Edit(ctx, r.Name, func(d *realm.Draft) ([]event.Admin, error) {
		problems := c.Problems(func(scope string) bool { return d.Realm().Scope(scope) != nil })
		if len(problems) > 0 {
			return nil, &fault.Invalid{Message: "[" + strings.Join(problems, ", ") + "]"}
		}
		err := d.EditKept(func(kept realm.Extra) error {
			keycloak.KeepProfile(kept, c, author.NewID())
			return nil
		})
		if err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), audit.Update, "USER_PROFILE", "users/profile", representation), nil
	})
}
