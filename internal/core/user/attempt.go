package user

import "time"

// Attempt is a sign-in whose user is known: by name and password, or by what another issuer says.
type Attempt struct {
	User        *User
	Credentials []Credential
	Scopes      []string // names of the client scopes in play
	Now         time.Time
	Told        bool // by another issuer's token, which tells all that can be had of them: their profile may lack something
}
