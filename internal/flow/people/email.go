package people

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Proof tells whether an address is known to be its user's.
type Proof int

const (
	Unverified Proof = iota
	Verified         // by a letter to it
)

// EmailChange is another e-mail address of a user.
type EmailChange struct {
	From  string // that they have; one that changed meanwhile is fault.ErrStale
	To    string
	Proof Proof
	Done  string // required action that this does
}

// CheckEmail tells what is wrong with an address that a user wants, while these client scopes are in play: a
// profile.Invalid or a *fault.Conflict.
func (u *Users) CheckEmail(ctx context.Context, r *realm.Realm, id, address string, scopes []string) error {
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return err
	}
	before, err := u.Store.Account(ctx, r.Key, id)
	if err != nil {
		return err
	}
	if _, err := terms.writeEmail(&before.User, address, scopes); err != nil {
		return err
	}
	return errors.Join(u.takenBy(ctx, r, &before.User, profile.Attributes{profile.Email: {address}})...)
}

// writeEmail is the profile of a user with another address. What is wrong with the rest of it is not looked at.
func (t *Terms) writeEmail(u *user.User, address string, scopes []string) (profile.Attributes, error) {
	before := profile.Of(u)
	after, err := t.Profile.Write(profile.Change{Before: before, Given: profile.Attributes{profile.Email: {address}}, As: profile.User, Scopes: scopes})
	wrong, ok := errors.AsType[profile.Invalid](err)
	if !ok {
		return after, err
	}
	var own profile.Invalid
	for _, v := range wrong {
		if v.Attribute == profile.Email {
			own = append(own, v)
		}
	}
	if len(own) > 0 {
		return nil, own
	}
	before[profile.Email] = []string{address}
	return before, nil
}

// ChangeEmail gives a user another address; also a name, where addresses are names. Errors are those of CheckEmail.
func (u *Users) ChangeEmail(ctx context.Context, r *realm.Realm, id string, c EmailChange) error {
	if err := u.CheckEmail(ctx, r, id, c.To, nil); err != nil {
		return err
	}
	terms, err := u.Rules.Terms(ctx, r)
	if err != nil {
		return err
	}
	err = u.EditOwn(ctx, r, id, func(a *user.Account) error {
		if a.User.Email != c.From {
			return fault.ErrStale
		}
		all, err := terms.writeEmail(&a.User, c.To, nil)
		if err != nil {
			return err
		}
		a.SoleEmail = !r.DuplicateEmails
		verified := c.Proof == Verified || a.User.Email == c.To && a.User.EmailVerified
		all.WriteTo(&a.User)
		a.User.EmailVerified = verified
		relieve(&a.User, c.Done)
		return nil
	})
	return taken(err)
}
