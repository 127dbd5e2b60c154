package manage

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// passwords are the hashes of the passwords that a file brings in plain. They are made before
// anything is stored: others who write to the database must not wait for hours of hashing.
type passwords struct {
	like   user.Credential // what all have in common
	hashes map[place]hash
}

// place is a credential by its user's name and its number among the user's.
type place struct {
	username   string
	credential int
}

type hash struct{ salt, sum []byte }

// hashPasswords hashes the passwords that each gives, on all processors.
func hashPasswords(hashing user.Hashing, each func(take func(at place, plain string)) error) (*passwords, error) {
	out := &passwords{hashes: map[place]hash{}}
	type job struct {
		place
		plain string
	}
	jobs := make(chan job)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				made := hashed(j.plain, hashing)
				mu.Lock()
				out.hashes[j.place] = hash{made.Salt, made.Hash}
				made.Salt, made.Hash = nil, nil
				out.like = made
				mu.Unlock()
			}
		})
	}
	err := each(func(at place, plain string) { jobs <- job{at, plain} })
	close(jobs)
	workers.Wait()
	return out, err
}

// hashPasswords hashes all passwords of a plan.
func (m *Realms) hashPasswords(ctx context.Context, p *plan) (*passwords, error) {
	if p.passwords == 0 {
		return &passwords{}, nil
	}
	hashing := user.HashingOf(p.contents.Draft.Realm().PasswordPolicy)
	return hashPasswords(hashing, func(take func(place, string)) error {
		for person, err := range m.people(p) {
			if err != nil {
				return err
			}
			if err := takePasswords(ctx, person, take); err != nil {
				return err
			}
		}
		return nil
	})
}

// takePasswords hands on the passwords of a person that are still plain, until ctx ends.
func takePasswords(ctx context.Context, person keycloak.Person, take func(at place, plain string)) error {
	for _, password := range person.Passwords {
		if err := ctx.Err(); err != nil {
			return err
		}
		take(place{person.User.Username, password.Credential}, password.Plain)
	}
	return nil
}

// fill puts the hashes in their places among a person's credentials.
func (p *passwords) fill(person *keycloak.Person) error {
	for _, password := range person.Passwords {
		made, ok := p.hashes[place{person.User.Username, password.Credential}]
		if !ok {
			return fmt.Errorf("user %q: the file has changed since it was first read", person.User.Username)
		}
		c := p.like
		c.Salt, c.Hash = made.salt, made.sum
		become(&person.Credentials[password.Credential], c)
	}
	return nil
}

// hashed is a password's credential.
func hashed(plain string, hashing user.Hashing) user.Credential {
	salt := make([]byte, user.SaltSize)
	rand.Read(salt)
	return user.HashPassword(plain, salt, hashing)
}

// become makes a credential that of a password.
func become(c *user.Credential, made user.Credential) {
	c.Kind, c.Algorithm, c.Iterations, c.Parameters, c.Salt, c.Hash = made.Kind, made.Algorithm, made.Iterations, made.Parameters, made.Salt, made.Hash
}
