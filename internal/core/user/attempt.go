package user

import "time"

// Attempt is a sign-in by name and password, whose user is known.
type Attempt struct {
	User        *User
	Credentials []Credential
	Scopes      []string // names of the client scopes in play
	Now         time.Time
}
