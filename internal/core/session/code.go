package session

import "time"

// Code is an authorization code that was given out (RFC 6749 §4.1.2), with what its exchange is held
// against.
type Code struct {
	Session     string // id
	Client      string // key of the client that it was given to
	RedirectURI string // that the request named; empty where it named none
	Scope       string // verbatim
	Nonce       string
	Resource    string // that tokens are for (RFC 8707); empty: the request named none

	Challenge       string // PKCE; empty: none
	ChallengeMethod string // "plain" or "S256"
	ProofKey        string // dpop_jkt: thumbprint of the key that must be proved (RFC 9449 §10); empty: any or none

	Issued  time.Time
	Expires time.Time
}

// Expired tells whether the code is too old to be exchanged.
func (c *Code) Expired(now time.Time) bool { return !now.Before(c.Expires) }
