package user

import (
	"maps"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Lock is what a failed sign-in led to.
type Lock int

const (
	Open    Lock = iota // the user may try again
	ForTime             // not before Failures.LockedUntil
	ForGood             // not before an administrator enables the user
)

// IsLocked tells whether the user may not sign in now, whatever the password.
func (f *Failures) IsLocked(now time.Time) bool { return f.Locked || now.Before(f.LockedUntil) }

// Add counts a failed sign-in from an address, and tells what it leads to. Failures of who is locked are not
// counted: nobody could otherwise sign in again whom somebody else keeps trying to sign in as.
func (f *Failures) Add(rule realm.Lockout, now time.Time, address string) Lock {
	if f.IsLocked(now) {
		return Open
	}
	since, first := now.Sub(f.LastAt), f.LastAt.IsZero()
	if !first && since > rule.Forget {
		*f = Failures{}
	}
	f.Count++
	f.LastAt, f.LastAddress = now, address

	many := f.Count >= max(rule.Factor, 1)
	if many && rule.Permanent && f.Lockouts >= rule.Temporary {
		f.Locked = true
		return ForGood
	}
	wait := rule.Wait(f.Count)
	if many {
		f.Lockouts++
	}
	if wait <= 0 && !first && since < rule.Quick {
		wait = rule.QuickWait
	}
	if wait = min(wait, rule.MaxWait); wait <= 0 {
		return Open
	}
	f.LockedUntil = now.Add(wait)
	return ForTime
}

// What Keycloak writes into the attributes of a user who is locked for good.
const (
	reasonAttribute = "disabledReason"
	permanentLock   = "permanentLockout"
)

// LockForGood disables a user until an administrator enables them.
func (u *User) LockForGood() {
	u.Enabled = false
	u.Attributes = maps.Clone(u.Attributes)
	if u.Attributes == nil {
		u.Attributes = map[string][]string{}
	}
	u.Attributes[reasonAttribute] = []string{permanentLock}
}

// LockedForGood tells whether the user is disabled by failed sign-ins, rather than by an administrator.
func (u *User) LockedForGood() bool {
	return !u.Enabled && slices.Contains(u.Attributes[reasonAttribute], permanentLock)
}
