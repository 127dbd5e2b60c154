package policy

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Rotation is how the secret of a client gives way to another.
type Rotation struct {
	Life   time.Duration // of a secret
	Ahead  time.Duration // before its end a client that changes itself gets another
	Former time.Duration // that the one before stays good; 0: it does not
}

// The defaults of secret-rotation, which are Keycloak's, and what no period is longer than.
const (
	day        = 24 * time.Hour
	secretLife = 29 * day
	ahead      = 10 * day
	former     = 2 * day
	longest    = 100 * 365 * day
)

// rotate says how long secrets last. Clients without credentials have none. A former secret never outlives its
// successor, whatever the setting says.
func rotate(s *state, p *realm.PolicyPart) *oauth.Error {
	if s.client().Public || s.client().BearerOnly {
		return nil
	}
	life := max(period(p, "expiration-period", secretLife), time.Second)
	s.Rotation = &Rotation{
		Life:   life,
		Ahead:  min(period(p, "remaining-rotation-period", ahead), life),
		Former: min(period(p, "rotated-expiration-period", former), life),
	}
	return nil
}

// period is a setting in seconds, or what stands for it where it is none.
func period(p *realm.PolicyPart, setting string, otherwise time.Duration) time.Duration {
	n := number(p, setting, int64(otherwise/time.Second))
	if n < 0 {
		return otherwise
	}
	return time.Duration(min(n, int64(longest/time.Second))) * time.Second
}
