package user

// Hashing is how a realm wants passwords hashed: two statements of its password policy.
type Hashing struct {
	Algorithm  string // "argon2", "pbkdf2-sha256", "pbkdf2-sha512"
	Iterations int
}

// HashingOf reads hashAlgorithm(…) and hashIterations(…) from a password policy. What the policy does
// not say, or says in words unknown here, is Keycloak's default.
func HashingOf(policy string) Hashing { panic("provisional") }

// HashPassword hashes a password in Keycloak's format; the salt should be 16 random bytes.
func HashPassword(password string, salt []byte, h Hashing) Credential { panic("provisional") }

// CheckPassword tells whether the password is the one behind the hash, in time that does not depend
// on how much of it is right. It is false for hashes of unknown kinds.
func CheckPassword(c Credential, password string) bool { panic("provisional") }

// Made tells whether the credential was hashed this way; one that was not is hashed anew at the next
// sign-in.
func (h Hashing) Made(c Credential) bool { panic("provisional") }
