package people

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Users creates, changes and deletes users. All fields are required.
type Users struct {
	Store     UserStore
	Groups    GroupPaths
	Failures  Forgiver
	Rules     *Rulebook
	Passwords Hasher
}

// UserStore keeps users; fault.ErrNotFound, fault.ErrConflict.
type UserStore interface {
	Account(ctx context.Context, realmKey, id string) (user.Account, error)
	CreateUser(ctx context.Context, realmKey string, a user.Account, audit []event.Admin) error
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
	DeleteUser(ctx context.Context, realmKey, id string, audit []event.Admin) error
	Names
}

// Names finds out who has a name or an address; fault.ErrNotFound where nobody has.
type Names interface {
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
}

// GroupPaths finds groups by path, as "/sales/north".
type GroupPaths interface {
	GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error)
}

// Forgiver forgets failed sign-ins.
type Forgiver interface {
	ClearFailures(ctx context.Context, realmKey, userID string) error
}

const userResource = "USER"

// userPath is a user's address below the realm.
func userPath(id string) string { return "users/" + id }

// Create adds the user that a representation describes, and gives the new id. A password that the realm does not accept is
// a *user.Unfit, a profile that is wrong a profile.Invalid, a name or address that is taken a
// *fault.Conflict.
func (u *Users) Create(ctx context.Context, author audit.Author, r *realm.Realm, o keycloak.Object) (string, error) {
	given := keycloak.ProfileAttributes(o)
	if nameless(r, nil, given) {
		return "", errNameless
	}
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return "", err
	}
	if err := u.free(ctx, r, nil, given); err != nil {
		return "", err
	}
	all, err := terms.Profile.Write(profile.Change{Given: given, Complete: true})
	if err != nil {
		return "", err
	}
	a := user.Account{User: user.User{ID: author.NewID(), Created: author.Now, Roles: []string{r.DefaultRole}, GroupKeys: r.DefaultGroups, Extra: realm.Extra{}},
		SoleEmail: !r.DuplicateEmails}
	all.WriteTo(&a.User)
	if err := u.fill(ctx, author, r, terms, &a, o); err != nil {
		return "", err
	}
	err = u.Store.CreateUser(ctx, r.Key, a, author.Of(r, audit.Create, userResource, userPath(a.User.ID), userRecord(o)))
	return a.User.ID, taken(err)
}

var errNameless = &fault.Invalid{Field: "username", Message: "User name is missing"}

// fill gives a new account what a representation says beside the profile.
func (u *Users) fill(ctx context.Context, author audit.Author, r *realm.Realm, terms *Terms, a *user.Account, o keycloak.Object) error {
	if o.Has("createdTimestamp") {
		a.User.Created = time.UnixMilli(keycloak.Value[int64](o, "createdTimestamp")).UTC()
	}
	for _, action := range terms.Actions {
		if action.Enabled && action.Default {
			require(&a.User, action.Alias)
		}
	}
	wanted := append(keycloak.Value[[]string](o, "requiredActions"), a.User.RequiredActions...)
	setActions(&a.User, wanted)
	keycloak.MergeUser(&a.User, o)
	a.User.Links = keycloak.Links(o)
	for _, path := range keycloak.Value[[]string](o, "groups") {
		g, err := u.Groups.GroupByPath(ctx, r.Key, "/"+strings.TrimPrefix(path, "/"))
		if errors.Is(err, fault.ErrNotFound) {
			return &fault.Invalid{Field: "groups", Message: "Unable to find group specified by path: " + path}
		}
		if err != nil {
			return err
		}
		a.User.GroupKeys = joined(a.User.GroupKeys, g.Key)
	}
	given, err := u.credentials(ctx, author, r, a, o)
	if err != nil {
		return err
	}
	given.setIn(r, a, author.Now)
	return nil
}

// Update changes what a representation says of a user. Attributes are replaced as a whole where it has any, and
// stay where it has none.
func (u *Users) Update(ctx context.Context, author audit.Author, r *realm.Realm, id string, o keycloak.Object) error {
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return err
	}
	given := keycloak.ProfileAttributes(o)
	before, err := u.Store.Account(ctx, r.Key, id)
	if err != nil {
		return err
	}
	if nameless(r, &before.User, given) {
		return errNameless
	}
	if err := u.free(ctx, r, &before.User, given); err != nil {
		return err
	}
	change := profile.Change{Before: profile.Of(&before.User), Given: given, Complete: o.Has("attributes")}
	if _, err := terms.profileOf(&before.User).Write(change); err != nil {
		return err // before any password is hashed
	}
	passwords, err := u.credentials(ctx, author, r, &before, o)
	if err != nil {
		return err
	}
	enabled := keycloak.Value[bool](o, "enabled")
	err = u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		change.Before = profile.Of(&a.User)
		all, err := terms.profileOf(&a.User).Write(change)
		if err != nil {
			return nil, err
		}
		if all.First(profile.Username) == "" {
			return nil, errNameless
		}
		all.WriteTo(&a.User)
		a.SoleEmail = !r.DuplicateEmails
		if o.Has("requiredActions") {
			setActions(&a.User, keycloak.Value[[]string](o, "requiredActions"))
		}
		keycloak.MergeUser(&a.User, o)
		passwords.setIn(r, a, author.Now)
		if enabled {
			unlock(&a.User)
		}
		return author.Of(r, audit.Update, userResource, userPath(id), userRecord(o)), nil
	})
	if err != nil {
		return taken(err)
	}
	if enabled {
		return u.Failures.ClearFailures(ctx, r.Key, id)
	}
	return nil
}

// disabledReason is the attribute that says why the server disabled a user.
const disabledReason = "disabledReason"

// unlock forgets that a user was disabled for failed sign-ins.
func unlock(u *user.User) {
	if _, ok := u.Attributes[disabledReason]; !ok {
		return
	}
	all := profile.Of(u)
	delete(all, disabledReason)
	all.WriteTo(u)
}

// Delete removes a user and ends their sessions.
func (u *Users) Delete(ctx context.Context, author audit.Author, r *realm.Realm, who *user.User) error {
	record := keycloak.Object{}
	record.Put("id", who.ID)
	record.Put("username", who.Username)
	return u.Store.DeleteUser(ctx, r.Key, who.ID, author.Of(r, audit.Delete, userResource, userPath(who.ID), record))
}

// userRecord is a representation as its admin event keeps it: without credentials.
func userRecord(o keycloak.Object) keycloak.Object {
	out := keycloak.Object{}
	for name, value := range o {
		if name != "credentials" {
			out[name] = value
		}
	}
	return out
}
