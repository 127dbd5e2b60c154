package user

import "time"

// Failures are a user's failed sign-ins since the last that succeeded, or since an administrator
// forgave them. The zero value is none.
type Failures struct {
	Count       int
	LastAt      time.Time
	LastAddress string
	LockedUntil time.Time // zero: not locked
	Locked      bool      // for good
	Lockouts    int       // how often the user was locked for a time
	Secondary   int       // failures after the password, as of one-time codes
}
