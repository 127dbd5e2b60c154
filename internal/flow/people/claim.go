package people

import (
	"context"
	"errors"
	"hash/maphash"
	"strings"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// claims let one request at a time look whether an e-mail address is free and take it. Databases do not see to
// it, since whether addresses are unique is a setting of realms; so of two that ask two nodes at the same
// moment both may have it. The zero value is ready.
type claims struct {
	seeded sync.Once
	seed   maphash.Seed
	locks  [64]sync.Mutex
}

// hold keeps others from an address until the function that it gives is called.
func (c *claims) hold(r *realm.Realm, email string) (release func()) {
	if email == "" || r.DuplicateEmails {
		return func() {}
	}
	c.seeded.Do(func() { c.seed = maphash.MakeSeed() })
	lock := &c.locks[maphash.String(c.seed, r.Key+" "+strings.ToLower(email))%uint64(len(c.locks))]
	lock.Lock()
	return lock.Unlock
}

// free refuses a name or an address that somebody else has than who, which is nil for a new user. Where both
// are taken Keycloak complains of the address.
func (u *Users) free(ctx context.Context, r *realm.Realm, who *user.User, given profile.Attributes) error {
	name, email := given.First(profile.Username), given.First(profile.Email)
	if r.EmailAsUsername && email != "" {
		name = email
	}
	if email != "" && !r.DuplicateEmails {
		if err := belongs(u.Store.UserByEmail(ctx, r.Key, email))(who, emailTaken); err != nil {
			return err
		}
	}
	if name == "" {
		return nil
	}
	return belongs(u.Store.UserByName(ctx, r.Key, name))(who, nameTaken)
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

// taken puts in words that somebody took a name since it was looked for.
func taken(err error) error {
	if c, ok := errors.AsType[*fault.Conflict](err); ok && c.Message == "" {
		return &fault.Conflict{Kind: "user", Field: c.Field, Message: "User exists with same username or email"}
	}
	return err
}
