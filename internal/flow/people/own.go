package people

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// What people do with their own account leaves events and no admin events: of the authors below only the time
// and the ids are looked at.

// ChangePassword gives a user the password that they chose. One that the realm does not accept is a *user.Unfit.
func (u *Users) ChangePassword(ctx context.Context, author audit.Author, r *realm.Realm, id, password string) error {
	before, err := u.Store.Account(ctx, r.Key, id)
	if err != nil {
		return err
	}
	made, err := u.hashed(ctx, author, r, &before, password)
	if err != nil {
		return err
	}
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		policy := user.PolicyOf(r.PasswordPolicy)
		a.Credentials = policy.Replaced(a.Credentials, made, author.Now)
		for i := range a.Credentials {
			a.Credentials[i].Temporary = false
		}
		relieve(&a.User, updatePassword)
		return nil, nil
	})
}

// Told is what users tell of themselves.
type Told struct {
	Given    profile.Attributes
	Complete bool     // attributes that are not given are to go
	Scopes   []string // names of the client scopes in play
}

// ChangeProfile gives a user the attributes that they tell of themselves. What they may not write must not be among
// them, unless it is as it was. What is wrong is a profile.Invalid or a *fault.Conflict. An address that changes is not
// verified any more.
func (u *Users) ChangeProfile(ctx context.Context, r *realm.Realm, id string, told Told) error {
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return err
	}
	before, err := u.Store.Account(ctx, r.Key, id)
	if err != nil {
		return err
	}
	change := profile.Change{Before: profile.Of(&before.User), Given: told.Given, Complete: told.Complete, As: profile.User, Scopes: told.Scopes}
	if _, err := terms.Profile.Write(change); err != nil {
		return err
	}
	if wrong := u.takenBy(ctx, r, &before.User, told.Given); len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	err = u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		change.Before = profile.Of(&a.User)
		all, err := terms.Profile.Write(change)
		if err != nil {
			return nil, err
		}
		a.SoleEmail = !r.DuplicateEmails
		address := a.User.Email
		all.WriteTo(&a.User)
		if a.User.Email != address {
			a.User.EmailVerified = false
		}
		return nil, nil
	})
	return taken(err)
}

// Registration is an account that somebody makes for themselves.
type Registration struct {
	Given    profile.Attributes
	Password string
	Scopes   []string // names of the client scopes in play
}

// Register makes an account, and gives its id. What is wrong is joined into one error of profile.Invalid,
// *fault.Conflict and *user.Unfit; complaints may come from the caller, who found something wrong with the form
// itself: nothing is made then, and all that is wrong is told at once. A password that is not fit for who the
// user turns out to be is not set, and asked for anew at once.
func (u *Users) Register(ctx context.Context, author audit.Author, r *realm.Realm, q Registration, complaints ...error) (string, error) {
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return "", err
	}
	all, err := terms.Profile.Write(profile.Change{Given: q.Given, Complete: true, As: profile.User, Scopes: q.Scopes})
	wrong := append(complaints, err)
	if strings.TrimSpace(nameIn(r, q.Given)) == "" && !r.EmailAsUsername {
		wrong = append(wrong, profile.Invalid{{Attribute: profile.Username, Message: "missingUsernameMessage"}})
	}
	wrong = append(wrong, u.takenBy(ctx, r, nil, q.Given)...)
	policy := user.PolicyOf(r.PasswordPolicy)
	if len(complaints) == 0 {
		wrong = append(wrong, policy.Check(q.Password, &user.User{Username: strings.ToLower(nameIn(r, q.Given))}))
	}
	if err := errors.Join(wrong...); err != nil {
		return "", err
	}
	a := user.Account{User: user.User{ID: author.NewID(), Enabled: true, Created: author.Now, Roles: []string{r.DefaultRole}, GroupKeys: r.DefaultGroups, Extra: realm.Extra{}},
		SoleEmail: !r.DuplicateEmails}
	all.WriteTo(&a.User)
	for _, action := range terms.Actions {
		if action.Enabled && action.Default {
			require(&a.User, action.Alias)
		}
	}
	made, err := u.hashed(ctx, author, r, &a, q.Password)
	if _, unfit := errors.AsType[*user.Unfit](err); unfit {
		require(&a.User, updatePassword)
	} else if err != nil {
		return "", err
	} else {
		a.Credentials = []user.Credential{made}
	}
	return a.User.ID, taken(u.Store.CreateUser(ctx, r.Key, a, nil))
}

// nameIn is the name that somebody will sign in by.
func nameIn(r *realm.Realm, given profile.Attributes) string {
	if r.EmailAsUsername {
		return given.First(profile.Email)
	}
	return given.First(profile.Username)
}

// takenBy are the complaints about a name and an address that somebody else than who has, or signs in by.
func (u *Users) takenBy(ctx context.Context, r *realm.Realm, who *user.User, given profile.Attributes) []error {
	name, email := given.First(profile.Username), given.First(profile.Email)
	var wrong []error
	complain := func(value string, refusal error, finds ...func(context.Context, string, string) (*user.User, error)) {
		for _, find := range finds {
			if value == "" {
				return
			}
			if err := belongs(find(ctx, r.Key, strings.ToLower(value)))(who, refusal); err != nil {
				wrong = append(wrong, err)
				return
			}
		}
	}
	byName, byEmail := u.Store.UserByName, u.Store.UserByEmail
	names, emails := []func(context.Context, string, string) (*user.User, error){byName}, []func(context.Context, string, string) (*user.User, error){byEmail}
	if r.LoginWithEmail {
		names, emails = append(names, byEmail), append(emails, byName)
	}
	if !r.EmailAsUsername {
		complain(name, nameTaken, names...)
	}
	if !r.DuplicateEmails {
		complain(email, emailTaken, emails...)
	}
	return wrong
}

// EditOwn changes what a user has beside profile and password.
func (u *Users) EditOwn(ctx context.Context, r *realm.Realm, id string, edit func(a *user.Account) error) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) { return nil, edit(a) })
}

// Done takes a required action from a user.
func Done(a *user.Account, action string) { relieve(&a.User, action) }

// Require gives a user a required action.
func Require(a *user.Account, action string) { require(&a.User, action) }

// DeleteOwn deletes the account of a user who wants that, and ends their sessions.
func (u *Users) DeleteOwn(ctx context.Context, r *realm.Realm, id string) error {
	return u.Store.DeleteUser(ctx, r.Key, id, nil)
}

// AddCredential gives a user another credential, under an id of its own.
func (u *Users) AddCredential(ctx context.Context, r *realm.Realm, id string, c user.Credential, done string) error {
	return u.EditOwn(ctx, r, id, func(a *user.Account) error {
		if slices.ContainsFunc(a.Credentials, func(has user.Credential) bool {
			return has.ID == c.ID || has.Kind == c.Kind && c.Label != "" && has.Label == c.Label
		}) {
			return &fault.Conflict{Kind: "credential", Field: "userLabel", Message: "Device with this name already exists"}
		}
		a.Credentials = append(a.Credentials, c)
		relieve(&a.User, done)
		return nil
	})
}

// TakeOTP uses up a one-time code by counter of a user's credential, under the lock of the account, and tells whether
// it was right. How many codes may have been passed over is the realm's policy.
func (u *Users) TakeOTP(ctx context.Context, r *realm.Realm, id, credentialID, code string) (right bool, err error) {
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return false, err
	}
	err = u.EditOwn(ctx, r, id, func(a *user.Account) error {
		right = false
		i, err := credential(a, credentialID)
		if err == nil {
			right = a.Credentials[i].TakeOTP(code, terms.OTP.Window)
		}
		return err
	})
	return right && err == nil, err
}
