package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Accounts are users with their credentials.
type Accounts interface {
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
}

// Passwords checks passwords, no more of them at a time than there are processors: each takes 7 MiB and
// some 17 ms of one.
type Passwords struct {
	accounts Accounts
}

// NewPasswords makes a checker of passwords.
func NewPasswords(a Accounts) *Passwords { return &Passwords{accounts: a} }

// Check tells whether the password is the user's. With a nil user, or one without a password, it takes
// as long as with another and says false. A password that is right but hashed in another way than the
// realm's policy wants is hashed anew. The error is technical: the context ended while waiting, or the store failed.
func (p *Passwords) Check(ctx context.Context, at At, u *user.User, password string) (bool, error) {
	panic("provisional")
}
