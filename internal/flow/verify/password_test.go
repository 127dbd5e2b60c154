package verify_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// accounts keeps one account.
type accounts struct {
	user.Account
	edits int
	down  error
}

func (a *accounts) Credentials(context.Context, string, string) ([]user.Credential, error) {
	return a.Account.Credentials, a.down
}

func (a *accounts) EditUser(_ context.Context, _, _ string, edit func(*user.Account) ([]event.Admin, error)) error {
	a.edits++
	_, err := edit(&a.Account)
	return err
}

// cheap is the password policy of the tests.
const cheap = "hashAlgorithm(pbkdf2-sha256) and hashIterations(10)"

func passwords(t *testing.T, policy string) (verify.At, *accounts) {
	w := newWorld(t)
	w.settings(func(s *realm.Settings) { s.PasswordPolicy = policy })
	c := user.HashPassword("secret", []byte("0123456789abcdef"), user.HashingOf(cheap))
	c.ID = "c1"
	a := &accounts{Account: user.Account{User: *w.people["alice"], Credentials: []user.Credential{{ID: "c0", Kind: "otp"}, c}}}
	return w.at(), a
}

func TestPasswords(t *testing.T) {
	at, a := passwords(t, cheap)
	p := verify.NewPasswords(a)
	for password, want := range map[string]bool{"secret": true, "Secret": false, "": false} {
		if got, err := p.Check(t.Context(), at, &a.User, password); got != want || err != nil {
			t.Errorf("Check(%q) = %v, %v", password, got, err)
		}
	}
	if got, err := p.Check(t.Context(), at, nil, "secret"); got || err != nil {
		t.Errorf("nobody: Check = %v, %v", got, err)
	}
	a.Account.Credentials = a.Account.Credentials[:1]
	if got, err := p.Check(t.Context(), at, &a.User, "secret"); got || err != nil {
		t.Errorf("without a password: Check = %v, %v", got, err)
	}
	if a.edits != 0 {
		t.Error("a hash as the policy wants it was made anew")
	}
	a.down = errors.New("out of order")
	if _, err := p.Check(t.Context(), at, &a.User, "secret"); !errors.Is(err, a.down) {
		t.Errorf("err = %v, want that of the store", err)
	}
}

func TestPasswordsAreHashedAnew(t *testing.T) {
	at, a := passwords(t, "hashAlgorithm(pbkdf2-sha512) and hashIterations(11)")
	p := verify.NewPasswords(a)
	old := a.Account.Credentials[1]
	if ok, err := p.Check(t.Context(), at, &a.User, "wrong"); ok || err != nil || a.edits != 0 {
		t.Fatalf("a wrong password: %v, %v, %d edits", ok, err, a.edits)
	}
	if ok, err := p.Check(t.Context(), at, &a.User, "secret"); !ok || err != nil {
		t.Fatalf("Check = %v, %v", ok, err)
	}
	c := a.Account.Credentials[1]
	if c.ID != old.ID || c.Algorithm != "pbkdf2-sha512" || c.Iterations != 11 || string(c.Salt) == string(old.Salt) {
		t.Errorf("hashed anew as %+v", c)
	}
	if ok, err := p.Check(t.Context(), at, &a.User, "secret"); !ok || err != nil || a.edits != 1 {
		t.Errorf("the new hash: %v, %v, %d edits", ok, err, a.edits)
	}
}

// Hashing costs memory: more at a time than processors gain nothing, who waits can give up, and the line does not grow
// without end.
func TestPasswordsWait(t *testing.T) {
	at, a := passwords(t, cheap)
	held := make(chan struct{})
	busy := &waiting{accounts: a, held: held}
	full := make(chan struct{}, 300*runtime.GOMAXPROCS(0))
	p := verify.NewPasswords(busy)
	var wg sync.WaitGroup
	// Rehashing holds the slot while the account is edited.
	at2, _ := passwords(t, "hashAlgorithm(pbkdf2-sha256) and hashIterations(11)")
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		busy.entered.Add(1)
		wg.Go(func() { _, _ = p.Check(context.Background(), at2, &a.User, "secret") })
	}
	busy.entered.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Check(ctx, at, &a.User, "secret"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want that of the context", err)
	}
	var right atomic.Int64
	for range cap(full) {
		wg.Go(func() {
			switch ok, err := p.Check(context.Background(), at, &a.User, "secret"); {
			case ok:
				right.Add(1)
			case errors.Is(err, fault.ErrBusy):
				full <- struct{}{}
			default:
				t.Errorf("in the line: %v", err)
			}
		})
	}
	<-full // the line is
	if _, err := p.Check(ctx, at, &a.User, "secret"); !errors.Is(err, fault.ErrBusy) {
		t.Errorf("err = %v, want busy", err)
	}
	close(held)
	wg.Wait()
	if n := int64(cap(full)-len(full)) - 1; right.Load() != n {
		t.Errorf("%d of the %d in the line had their turn", right.Load(), n)
	}
	if ok, err := p.Check(t.Context(), at, &a.User, "secret"); !ok || err != nil {
		t.Errorf("after the rush: %v, %v", ok, err)
	}
}

// waiting holds up edits until held is closed.
type waiting struct {
	*accounts
	entered sync.WaitGroup
	held    chan struct{}
}

func (w *waiting) EditUser(context.Context, string, string, func(*user.Account) ([]event.Admin, error)) error {
	w.entered.Done()
	<-w.held
	return nil
}
