package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Hash makes the credential of a password, when it is its turn among the passwords that are checked.
func (p *Passwords) Hash(ctx context.Context, password string, h user.Hashing) (user.Credential, error) {
	var made user.Credential
	err := p.inTurn(ctx, func() { made = user.HashPassword(password, salt(), h) })
	return made, err
}

// Same tells whether the password is the one behind a credential, in turn as Hash.
func (p *Passwords) Same(ctx context.Context, c user.Credential, password string) (bool, error) {
	c.Kind = user.KindPassword // also of one that history keeps
	same := false
	err := p.inTurn(ctx, func() { same = user.CheckPassword(c, password) })
	return same, err
}

// inTurn works when it is its turn. It is fault.ErrBusy where too many wait already: they would be gone before theirs
// comes, and each of them holds memory.
func (p *Passwords) inTurn(ctx context.Context, work func()) error {
	select {
	case p.line <- struct{}{}:
		defer func() { <-p.line }()
	default:
		return fault.ErrBusy
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	work()
	return nil
}
