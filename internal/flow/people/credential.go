package people

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

var errNoCredential = &fault.NotFound{Message: "Credential not found"}

// credential finds a credential of an account.
func credential(a *user.Account, id string) (int, error) {
	i := slices.IndexFunc(a.Credentials, func(c user.Credential) bool { return c.ID == id })
	if i < 0 {
		return i, errNoCredential
	}
	return i, nil
}

// DeleteCredential takes a credential from a user.
func (u *Users) DeleteCredential(ctx context.Context, author audit.Author, r *realm.Realm, id, credentialID string) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		i, err := credential(a, credentialID)
		if err != nil {
			return nil, err
		}
		a.Credentials = slices.Delete(a.Credentials, i, i+1)
		return author.Of(r, audit.Action, userResource, userPath(id)+"/credentials/"+credentialID, nil), nil
	})
}

// DeleteCredentials takes all credentials of a kind from a user; path is where that was asked for, below the
// user.
func (u *Users) DeleteCredentials(ctx context.Context, author audit.Author, r *realm.Realm, id, kind, path string) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		a.Credentials = slices.DeleteFunc(a.Credentials, func(c user.Credential) bool { return c.Kind == kind })
		return author.Of(r, audit.Action, userResource, userPath(id)+"/"+path, nil), nil
	})
}

// LabelCredential gives a credential the name that the user sees, and that no other of the kind has.
func (u *Users) LabelCredential(ctx context.Context, author audit.Author, r *realm.Realm, id, credentialID, label string) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		i, err := credential(a, credentialID)
		if err != nil {
			return nil, err
		}
		if err := a.Label(i, label); err != nil {
			return nil, err
		}
		return author.Of(r, audit.Action, userResource, userPath(id)+"/credentials/"+credentialID+"/userLabel", nil), nil
	})
}

// MoveCredential puts a credential behind another one of the user, or first where after is empty. Sign-in asks
// for them in their order.
func (u *Users) MoveCredential(ctx context.Context, author audit.Author, r *realm.Realm, id, credentialID, after string) error {
	path := userPath(id) + "/credentials/" + credentialID + "/moveToFirst"
	if after != "" {
		path = userPath(id) + "/credentials/" + credentialID + "/moveAfter/" + after
	}
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		i, err := credential(a, credentialID)
		if err != nil {
			return nil, err
		}
		moved := a.Credentials[i]
		rest := slices.Delete(slices.Clone(a.Credentials), i, i+1)
		to := 0
		switch at := slices.IndexFunc(rest, func(c user.Credential) bool { return c.ID == after }); {
		case after == "":
		case after == credentialID:
			to = i
		case at < 0:
			return nil, errNoCredential
		default:
			to = at + 1
		}
		a.Credentials = slices.Insert(rest, to, moved)
		return author.Of(r, audit.Action, userResource, path, nil), nil
	})
}
