package people

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// free refuses a name or an address that somebody else has than who, which is nil for a new user. Where both
// are taken Keycloak complains of the address.
func (u *Users) free(ctx context.Context, r *realm.Realm, who *user.User, given profile.Attributes) error {
	if who != nil && r.EmailAsUsername && given.First(profile.Email) == "" {
		given = nil // the name stays that of before, whatever it is said to be
	}
	if err := free(ctx, u.Store, r, who, given); err != nil || !r.LoginWithEmail {
		return err
	}
	return u.apart(ctx, r, who, given)
}

// apart refuses a name that is somebody else's address, and an address that is somebody else's name, where people sign
// in by either. What stays as it was is not looked at.
func (u *Users) apart(ctx context.Context, r *realm.Realm, who *user.User, given profile.Attributes) error {
	var before user.User
	if who != nil {
		before = *who
	}
	if email := given.First(profile.Email); email != "" && !strings.EqualFold(email, before.Email) {
		if err := belongs(u.Store.UserByName(ctx, r.Key, email))(who, emailTaken); err != nil {
			return err
		}
	}
	name := given.First(profile.Username)
	if name == "" || strings.EqualFold(name, before.Username) {
		return nil
	}
	return belongs(u.Store.UserByEmail(ctx, r.Key, name))(who, nameTaken)
}

// nameless tells whether a change leaves a user, who is nil before there is one, without a name: the one that is given,
// or the address where addresses are names.
func nameless(r *realm.Realm, who *user.User, given profile.Attributes) bool {
	name := profile.Username
	switch _, addressed := given[profile.Email]; {
	case r.EmailAsUsername && addressed:
		name = profile.Email
	case r.EmailAsUsername && who != nil && who.Email != "":
		return false
	}
	_, named := given[name]
	return (who == nil || named) && strings.TrimSpace(given.First(name)) == ""
}

func free(ctx context.Context, all Names, r *realm.Realm, who *user.User, given profile.Attributes) error {
	name, email := given.First(profile.Username), given.First(profile.Email)
	if r.EmailAsUsername && email != "" {
		name = email
	}
	if email != "" && !r.DuplicateEmails {
		if err := belongs(all.UserByEmail(ctx, r.Key, email))(who, emailTaken); err != nil {
			return err
		}
	}
	if name == "" {
		return nil
	}
	return belongs(all.UserByName(ctx, r.Key, name))(who, nameTaken)
}

var (
	nameTaken  = &fault.Conflict{Kind: "user", Field: "username", Message: "User exists with same username"}
	emailTaken = &fault.Conflict{Kind: "user", Field: "email", Message: "User exists with same email"}
)

// belongs refuses what was found where it is not the user's own.
func belongs(owner *user.User, err error) func(who *user.User, refusal error) error {
	return func(who *user.User, refusal error) error {
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return nil
		case err != nil:
			return err
		case who != nil && owner.ID == who.ID:
			return nil
		}
		return refusal
	}
}

// taken puts in words that somebody took a name or an address since it was looked for.
func taken(err error) error {
	c, ok := errors.AsType[*fault.Conflict](err)
	switch {
	case ok && c.Field == "email":
		return emailTaken
	case ok && c.Message == "":
		return &fault.Conflict{Kind: "user", Field: c.Field, Message: "User exists with same username or email"}
	}
	return err
}
