package realm

import "time"

// InitialAccess is a permission to register clients that an administrator made. Keycloak: initial
// access token; the token that carries it is not kept.
type InitialAccess struct {
	Key       string
	Created   time.Time
	Expires   time.Duration // after Created; zero: never
	Count     int           // how many clients it was made for
	Remaining int           // how many are left
	Origins   []string      // web origins that may use it from a browser
}

// Expired tells whether it has run out of time.
func (a *InitialAccess) Expired(now time.Time) bool {
	return a.Expires > 0 && !now.Before(a.Created.Add(a.Expires))
}
