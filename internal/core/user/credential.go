package user

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Credential is something a user can prove who they are with. Secret never leaves the store but to
// be checked.
type Credential struct {
	ID      string
	Kind    string // "password", "otp", …
	Label   string
	Created time.Time

	// Password hashes, in Keycloak's terms.
	Algorithm  string              // "argon2", "pbkdf2-sha256", "pbkdf2-sha512"
	Iterations int                 // hashIterations
	Parameters map[string][]string // additionalParameters, as memory and parallelism of argon2
	Salt       []byte
	Hash       []byte

	Temporary bool // must be changed at the next sign-in
	Priority  int

	// Data is credentialData and secretData of other kinds, verbatim.
	Data   string
	Secret string

	Extra realm.Extra
}

// Account is a user with their credentials, as realm files bring and take them.
type Account struct {
	User        User
	Credentials []Credential

	// SoleEmail asks the store, for one write, to refuse an e-mail address that somebody else in the realm has. Whether
	// it must is the realm's setting.
	SoleEmail bool

	// SoleLinks asks the store, for one write, to refuse a new link to somebody at an identity provider whom another
	// user of the realm is linked to.
	SoleLinks bool
}
