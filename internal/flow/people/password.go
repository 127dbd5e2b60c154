package people

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Hasher hashes passwords and compares them, no more at a time than the machine bears.
type Hasher interface {
	Hash(ctx context.Context, password string, h user.Hashing) (user.Credential, error)
	Same(ctx context.Context, c user.Credential, password string) (bool, error)
}

// ResetPassword sets a user's password. A temporary one has to be changed at the next sign-in. One that the
// realm does not accept is a *user.Unfit.
func (u *Users) ResetPassword(ctx context.Context, author audit.Author, r *realm.Realm, id, password string, temporary bool) error {
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
		if temporary {
			require(&a.User, updatePassword)
		} else {
			relieve(&a.User, updatePassword)
		}
		return author.Of(r, audit.Action, userResource, userPath(id)+"/reset-password", nil), nil
	})
}

// hashed is the credential of a password that the realm accepts of the user. It is made before the user is
// edited: others who write to the database must not wait for it.
func (u *Users) hashed(ctx context.Context, author audit.Author, r *realm.Realm, a *user.Account, password string) (user.Credential, error) {
	policy := user.PolicyOf(r.PasswordPolicy)
	if err := policy.Check(password, &a.User); err != nil {
		return user.Credential{}, err
	}
	remembered, again := policy.Remembered(a.Credentials, author.Now)
	for _, c := range remembered {
		same, err := u.Passwords.Same(ctx, c, password)
		if err != nil {
			return user.Credential{}, err
		}
		if same {
			return user.Credential{}, again
		}
	}
	made, err := u.Passwords.Hash(ctx, password, user.HashingOf(r.PasswordPolicy))
	made.ID, made.Created = author.NewID(), author.Now
	return made, err
}

// given are the credentials that a representation brings: passwords, hashed by now, and others as they are.
type given struct {
	passwords []user.Credential
	others    []user.Credential
	temporary bool
}

func (u *Users) credentials(ctx context.Context, author audit.Author, r *realm.Realm, a *user.Account, o keycloak.Object) (*given, error) {
	g := &given{}
	for _, representation := range keycloak.Value[[]keycloak.Object](o, "credentials") {
		c, plain, _ := keycloak.ToCredential(representation)
		g.temporary = g.temporary || c.Temporary && c.Kind == user.KindPassword
		if _, err := credential(a, c.ID); err == nil && c.ID != "" {
			continue // it came from here
		}
		if plain != "" {
			made, err := u.hashed(ctx, author, r, a, plain)
			if err != nil {
				return nil, err
			}
			g.passwords = append(g.passwords, made)
			continue
		}
		if c.Kind == "" || c.Data == "" && len(c.Hash) == 0 {
			continue
		}
		c.ID, c.Temporary = author.NewID(), false
		if c.Created.IsZero() {
			c.Created = author.Now
		}
		g.others = append(g.others, c)
	}
	return g, nil
}

// setIn gives an account the credentials. A password, hashed here or elsewhere, takes the present one's place.
func (g *given) setIn(r *realm.Realm, a *user.Account, now time.Time) {
	policy := user.PolicyOf(r.PasswordPolicy)
	for _, c := range g.others {
		if c.Kind == user.KindPassword {
			a.Credentials = policy.Replaced(a.Credentials, c, now)
			continue
		}
		a.Credentials = append(a.Credentials, c)
	}
	for _, c := range g.passwords {
		a.Credentials = policy.Replaced(a.Credentials, c, now)
	}
	if g.temporary {
		require(&a.User, updatePassword)
	}
}
