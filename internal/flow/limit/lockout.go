// Package limit counts failed sign-ins, and locks users who have too many.
package limit

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Lockouts locks users of realms that protect them. All fields are required.
type Lockouts struct {
	Failures Failures
	Users    Users
	Events   Events
	NewID    func() string
}

// Failures are the failed sign-ins of users, the same on every node.
type Failures interface {
	Failures(ctx context.Context, realmKey, userID string) (user.Failures, error)
	EditFailures(ctx context.Context, realmKey, userID string, edit func(*user.Failures)) error
	ClearFailures(ctx context.Context, realmKey, userID string) error
}

// Users are people.
type Users interface {
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

// Locked tells how a user is locked who wants to sign in. It has to be asked after the password was checked:
// of many guesses at once none may use what it learned when the others have locked the user meanwhile.
func (l *Lockouts) Locked(ctx context.Context, r *realm.Realm, u *user.User, now time.Time) (user.Lock, error) {
	if !r.BruteForce {
		return user.Open, nil
	}
	if u.LockedForGood() {
		return user.ForGood, nil
	}
	f, err := l.Failures.Failures(ctx, r.Key, u.ID)
	if err != nil || !f.IsLocked(now) {
		return user.Open, err
	}
	if f.Locked {
		return user.ForGood, nil
	}
	return user.ForTime, nil
}

// Failed counts a sign-in that failed, and locks the user where that was one too many.
func (l *Lockouts) Failed(ctx context.Context, r *realm.Realm, u *user.User, now time.Time, address string) error {
	if !r.BruteForce {
		return nil
	}
	var lock user.Lock
	err := l.Failures.EditFailures(ctx, r.Key, u.ID, func(f *user.Failures) { lock = f.Add(r.Lockout, now, address) })
	if err != nil || lock == user.Open {
		return err
	}
	kind := event.LockedForTime
	if lock == user.ForGood {
		kind = event.LockedForGood
		err = l.Users.EditUser(ctx, r.Key, u.ID, func(a *user.Account) ([]event.Admin, error) {
			a.User.LockForGood()
			return nil, nil
		})
		if errors.Is(err, fault.ErrNotFound) { // deleted meanwhile, which locks as well
			err = nil
		}
	}
	e := event.Event{ID: l.NewID(), Time: now, Kind: kind, Realm: r.Key, RealmName: r.Name, UserID: u.ID, Address: address}
	e.Set("reason", "brute_force_attack detected")
	l.Events.Record(context.WithoutCancel(ctx), e)
	return err
}

// Succeeded forgets what failed before the user signed in.
func (l *Lockouts) Succeeded(ctx context.Context, r *realm.Realm, u *user.User) error {
	if !r.BruteForce {
		return nil
	}
	f, err := l.Failures.Failures(ctx, r.Key, u.ID)
	if err != nil || f == (user.Failures{}) {
		return err
	}
	return l.Failures.ClearFailures(ctx, r.Key, u.ID)
}
