package session

import "time"

// Device is a device without a browser that asked to sign in (RFC 8628 §3.2), and what a user made of it. Its
// device code and its user code are not in it: who keeps it keeps their hashes.
type Device struct {
	Client          string // key of the client that it runs
	Scope           string // verbatim
	Resource        string // that tokens are for (RFC 8707); empty: none was named
	Challenge       string // PKCE; empty: none
	ChallengeMethod string // "plain" or "S256"
	Issued          time.Time
	Expires         time.Time
	Interval        time.Duration // least pause between two polls
	Decision        Decision
	Session         string // with Granted: id of the session that it signs in to
}

// Decision is what a user made of a device.
type Decision string

// What a user may make of a device. As long as it is undecided its user code works.
const (
	Undecided Decision = ""
	Granted   Decision = "granted"
	Denied    Decision = "denied"
)

// Expired tells whether the device's codes are too old to be used.
func (d *Device) Expired(now time.Time) bool { return !now.Before(d.Expires) }
