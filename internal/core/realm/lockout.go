package realm

import "time"

// Lockout is how failed sign-ins lock a user, where the realm does that.
type Lockout struct {
	Factor    int           // failures before a lock
	Increment time.Duration // of the wait, with each further Factor failures
	Linear    bool          // with each further failure instead
	MaxWait   time.Duration
	Forget    time.Duration // failures are forgotten when none follows for as long
	Quick     time.Duration // two failures that are less apart lock at once
	QuickWait time.Duration // for as long
	Permanent bool          // locks are for good
	Temporary int           // so many come before, that are not
}

// Wait is how long a user with so many failures has to wait, but for MaxWait; zero: not at all.
func (l Lockout) Wait(failures int) time.Duration {
	factor := max(l.Factor, 1)
	if failures < factor {
		return 0
	}
	if l.Linear {
		return l.Increment * time.Duration(1+failures-factor)
	}
	return l.Increment * time.Duration(failures/factor)
}
