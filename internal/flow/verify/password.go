package verify

import (
	"bytes"
	"context"
	"crypto/rand"
	"runtime"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Accounts are users with their credentials.
type Accounts interface {
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
}

// Passwords checks passwords: each takes 7 MiB and some 17 ms of a processor. One processor is left to all else where
// there are several, so that tokens do not wait for people who sign in.
type Passwords struct {
	accounts Accounts
	slots    chan struct{} // of those that are checked
	line     chan struct{} // of those too that wait for their turn
}

// queue is how many passwords may wait for each that is checked: some four seconds.
const queue = 256

// NewPasswords makes a checker of passwords.
func NewPasswords(a Accounts) *Passwords {
	n := max(1, runtime.GOMAXPROCS(0)-1)
	return &Passwords{accounts: a, slots: make(chan struct{}, n), line: make(chan struct{}, n*(1+queue))}
}

// Check tells whether the password is the user's. With a nil user, or one without a password, it takes
// as long as with another and says false. A password that is right but hashed in another way than the
// realm's policy wants is hashed anew. The error is fault.ErrBusy where too many wait
// already, or technical: the context ended while waiting, or the store failed.
func (p *Passwords) Check(ctx context.Context, at At, u *user.User, password string) (bool, error) {
	stored, err := p.stored(ctx, at.Realm.Key, u)
	if err != nil {
		return false, err
	}
	right := false
	err = p.inTurn(ctx, func() {
		want := user.HashingOf(at.Realm.PasswordPolicy)
		if stored == nil {
			user.HashPassword(password, make([]byte, user.SaltSize), want) // who is unknown must not be faster
			return
		}
		if right = user.CheckPassword(*stored, password); right && !want.Made(*stored) {
			p.rehash(ctx, at.Realm.Key, u.ID, *stored, user.HashPassword(password, salt(), want))
		}
	})
	return right, err
}

// stored is the user's password, or nil.
func (p *Passwords) stored(ctx context.Context, realmKey string, u *user.User) (*user.Credential, error) {
	if u == nil {
		return nil, nil
	}
	all, err := p.accounts.Credentials(ctx, realmKey, u.ID)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Kind == user.KindPassword {
			return &all[i], nil
		}
	}
	return nil, nil
}

// rehash puts a new hash in an old one's place, unless the password was changed meanwhile. That it
// could not be kept is no reason to refuse the sign-in: the old hash is good, and the next sign-in
// tries again.
func (p *Passwords) rehash(ctx context.Context, realmKey, userID string, old, made user.Credential) {
	_ = p.accounts.EditUser(ctx, realmKey, userID, func(a *user.Account) ([]event.Admin, error) {
		for i := range a.Credentials {
			c := &a.Credentials[i]
			if c.ID == old.ID && bytes.Equal(c.Hash, old.Hash) {
				c.Algorithm, c.Iterations, c.Parameters = made.Algorithm, made.Iterations, made.Parameters
				c.Salt, c.Hash = made.Salt, made.Hash
			}
		}
		return nil, nil
	})
}

func salt() []byte {
	salt := make([]byte, user.SaltSize)
	rand.Read(salt)
	return salt
}
