package user

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// KindPassword is the Kind of a password's credential.
const KindPassword = "password"

// SaltSize is how many random bytes HashPassword wants as salt.
const SaltSize = 16

// Hashing is how a realm wants passwords hashed: two statements of its password policy.
type Hashing struct {
	Algorithm  string // "argon2", "pbkdf2-sha512", "pbkdf2-sha256" or "pbkdf2"
	Iterations int
}

// The hash algorithms of Keycloak, and how often each is iterated unless the policy says otherwise.
const argon2id = "argon2"

var iterations = map[string]int{argon2id: 5, "pbkdf2-sha512": 210_000, "pbkdf2-sha256": 600_000, "pbkdf2": 1_300_000}

var digests = map[string]func() hash.Hash{"pbkdf2-sha512": sha512.New, "pbkdf2-sha256": sha256.New, "pbkdf2": sha1.New}

// Keycloak's parameters of argon2, and the length of every pbkdf2 hash that it makes.
const (
	argonMemory = 7168 // KiB
	argonLanes  = 1
	argonLength = 32
	pbkdfLength = 64
)

// What a stored hash may ask of the machine that checks it: realm files bring their own parameters.
const (
	maxMemory     = 1 << 20 // KiB
	maxArgon      = 100     // iterations; Keycloak's limit too
	maxIterations = 10_000_000
	minHash       = 16 // bytes; a shorter one is guessed, an empty one equals every other
)

// HashingOf reads hashAlgorithm(…) and hashIterations(…) from a password policy. What the policy does
// not say, or says in words unknown here, is Keycloak's default.
func HashingOf(policy string) Hashing {
	h := Hashing{Algorithm: argon2id}
	wanted := 0
	for statement := range strings.SplitSeq(policy, " and ") {
		name, arg, _ := strings.Cut(strings.TrimSpace(statement), "(")
		arg = strings.TrimSpace(strings.TrimSuffix(arg, ")"))
		switch name {
		case "hashAlgorithm":
			if iterations[arg] > 0 {
				h.Algorithm = arg
			}
		case "hashIterations":
			wanted, _ = strconv.Atoi(arg)
		}
	}
	h.Iterations = iterations[h.Algorithm]
	if wanted > 0 && wanted <= most(h.Algorithm) {
		h.Iterations = wanted
	}
	return h
}

// most is how many iterations an algorithm may be asked for.
func most(algorithm string) int {
	if algorithm == argon2id {
		return maxArgon
	}
	return maxIterations
}

// HashPassword hashes a password in Keycloak's format; the salt should be SaltSize random bytes.
func HashPassword(password string, salt []byte, h Hashing) Credential {
	c := Credential{Kind: KindPassword, Algorithm: h.Algorithm, Iterations: h.Iterations, Salt: salt}
	length := pbkdfLength
	if h.Algorithm == argon2id {
		c.Parameters = argonParameters()
		length = argonLength
	}
	c.Hash = c.derive(password, length)
	return c
}

// argonParameters are the additionalParameters of a hash that is made here, as Keycloak names them.
func argonParameters() map[string][]string {
	return map[string][]string{
		"type":        {"id"},
		"version":     {"1.3"},
		"memory":      {strconv.Itoa(argonMemory)},
		"parallelism": {strconv.Itoa(argonLanes)},
		"hashLength":  {strconv.Itoa(argonLength)},
	}
}

// CheckPassword tells whether the password is the one behind the hash, in time that does not depend
// on how much of it is right. It is false for hashes of unknown kinds, and for those that ask for more
// memory or time than a sign-in may cost.
func CheckPassword(c Credential, password string) bool {
	if c.Kind != KindPassword || len(c.Hash) < minHash {
		return false
	}
	hash := c.derive(password, len(c.Hash))
	return hash != nil && subtle.ConstantTimeCompare(hash, c.Hash) == 1
}

// derive hashes a password with the credential's parameters; nil where they are unknown or too costly.
func (c Credential) derive(password string, length int) []byte {
	if c.Iterations < 1 || c.Iterations > most(c.Algorithm) || length > 1<<10 {
		return nil
	}
	if c.Algorithm == argon2id {
		return c.argon(password, length)
	}
	digest := digests[c.Algorithm]
	if digest == nil {
		return nil
	}
	key, err := pbkdf2.Key(digest, password, c.Salt, c.Iterations, length)
	if err != nil { // only in FIPS mode
		return nil
	}
	return key
}

func (c Credential) argon(password string, length int) []byte {
	memory, lanes := c.number("memory", argonMemory), c.number("parallelism", argonLanes)
	if memory < 1 || memory > maxMemory || lanes < 1 || lanes > 255 || c.parameter("version", "1.3") != "1.3" {
		return nil
	}
	switch c.parameter("type", "id") {
	case "id":
		return argon2.IDKey([]byte(password), c.Salt, uint32(c.Iterations), uint32(memory), uint8(lanes), uint32(length))
	case "i":
		return argon2.Key([]byte(password), c.Salt, uint32(c.Iterations), uint32(memory), uint8(lanes), uint32(length))
	}
	return nil
}

func (c Credential) parameter(name, otherwise string) string {
	if v := c.Parameters[name]; len(v) > 0 {
		return v[0]
	}
	return otherwise
}

// number is a parameter as a number; 0 where it is none.
func (c Credential) number(name string, otherwise int) int {
	n, err := strconv.Atoi(c.parameter(name, strconv.Itoa(otherwise)))
	if err != nil {
		return 0
	}
	return n
}

// Made tells whether the credential was hashed this way; one that was not is hashed anew at the next
// sign-in.
func (h Hashing) Made(c Credential) bool {
	if c.Algorithm != h.Algorithm || c.Iterations != h.Iterations {
		return false
	}
	if h.Algorithm != argon2id {
		return true
	}
	return c.parameter("type", "id") == "id" && c.parameter("version", "1.3") == "1.3" && len(c.Hash) == argonLength &&
		c.number("memory", argonMemory) == argonMemory && c.number("parallelism", argonLanes) == argonLanes
}
