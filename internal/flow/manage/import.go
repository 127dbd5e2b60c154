package manage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Document opens a realm file for reading. It is called once for each pass over the file: users are
// read again and again rather than held.
type Document func() (io.ReadCloser, error)

// Existing says what an import does with a realm that exists already.
type Existing int

const (
	Fail      Existing = iota // the import is refused: fault.ErrConflict
	Skip                      // the realm stays as it is
	Overwrite                 // the realm is replaced
)

// ImportOptions are the ways an import can go.
type ImportOptions struct {
	Existing Existing
	Actor    event.Actor
}

// The outcomes of an import.
const (
	Created  = "created"
	Replaced = "replaced"
	Skipped  = "skipped"
)

// Report is what an import did, realm by realm.
type Report struct{ Realms []Imported }

// Imported is what became of one realm of an import.
type Imported struct {
	Realm   string
	Outcome string // Created, Replaced or Skipped
	Clients int
	Users   int
	Notes   []keycloak.Note // what is kept and not acted on
}

// Import reads a realm file, which holds one realm or an array of them. Each realm is stored in one
// transaction, all or nothing. What is wrong with the file is a *fault.Invalid that names the place
// in it; nothing is stored then.
func (m *Realms) Import(ctx context.Context, doc Document, o ImportOptions) (Report, error) {
	plans, err := m.plan([]Document{doc})
	if err != nil {
		return Report{}, problems(err)
	}
	return m.carryOut(ctx, plans, o)
}

// plan is one realm that an import is to make.
type plan struct {
	file     keycloak.Object
	mentions realmfile.Mentions
	sources  []source // where its users are
	contents *realmfile.Contents
}

// source is a realm by its number in a document.
type source struct {
	document Document
	number   int
}

// plan reads documents as far as can be done without storing anything: what is wrong with any of them
// comes out here. Of several documents the first holds the realm, the others more of its users.
func (m *Realms) plan(docs []Document) ([]*plan, error) {
	plans, err := m.gather(docs)
	if err != nil {
		return nil, err
	}
	for i, p := range plans {
		if p.contents, err = realmfile.Build(p.file, &p.mentions, m.options()); err != nil {
			return nil, keycloak.At(inFile(plans, i), err)
		}
	}
	for _, p := range plans {
		for _, err := range m.people(p) {
			if err != nil {
				return nil, err
			}
		}
	}
	return plans, nil
}

// inFile is the path of a realm, which is the document itself where it is the only one.
func inFile(plans []*plan, i int) string {
	if len(plans) == 1 {
		return ""
	}
	return fmt.Sprintf("[%d]", i)
}

// gather reads the realms and what their users mention.
func (m *Realms) gather(docs []Document) ([]*plan, error) {
	mentions := map[int]*realmfile.Mentions{}
	var plans []*plan
	for n, doc := range docs {
		realms, err := m.read(doc, func(number, index int, u keycloak.Object) error {
			if mentions[number] == nil {
				mentions[number] = &realmfile.Mentions{}
			}
			return mentions[number].Add(index, u)
		})
		if err != nil {
			return nil, err
		}
		for i, o := range realms {
			if n == 0 {
				plans = append(plans, &plan{file: o})
			}
			if i < len(plans) {
				plans[i].sources = append(plans[i].sources, source{doc, i})
			}
		}
	}
	for i, p := range plans {
		if mentions[i] != nil {
			p.mentions = *mentions[i]
		}
	}
	return plans, nil
}

// read goes over a document once.
func (m *Realms) read(doc Document, each func(number, index int, u keycloak.Object) error) ([]keycloak.Object, error) {
	r, err := doc()
	if err != nil {
		return nil, fmt.Errorf("open the realm file: %w", err)
	}
	defer r.Close()
	return keycloak.ReadRealms(keycloak.Placeholders(r, m.Env), each)
}

// people are the users of a plan, passwords not hashed.
func (m *Realms) people(p *plan) iter.Seq2[keycloak.Person, error] {
	enough := errors.New("enough")
	return func(yield func(keycloak.Person, error) bool) {
		for _, from := range p.sources {
			_, err := m.read(from.document, func(number, _ int, u keycloak.Object) error {
				if number != from.number {
					return nil
				}
				person, err := p.contents.Person(u)
				if err != nil {
					return err
				}
				if !yield(person, nil) {
					return enough
				}
				return nil
			})
			if errors.Is(err, enough) {
				return
			}
			if err != nil {
				yield(keycloak.Person{}, err)
				return
			}
		}
	}
}

// carryOut stores what was planned.
func (m *Realms) carryOut(ctx context.Context, plans []*plan, o ImportOptions) (Report, error) {
	var report Report
	if o.Existing == Fail {
		for _, p := range plans {
			if _, err := m.Store.Realm(ctx, p.name()); err == nil {
				return report, taken(p.name())
			}
		}
	}
	for _, p := range plans {
		done, err := m.store(ctx, p, o)
		if err != nil {
			return report, fmt.Errorf("import realm %q: %w", p.name(), problems(err))
		}
		report.Realms = append(report.Realms, done)
	}
	return report, nil
}

func (p *plan) name() string { return p.contents.Draft.Realm().Name }

func taken(name string) error {
	//lint:ignore ST1005 these are Keycloak's words
	return fmt.Errorf("Realm %s already exists: %w", name, fault.ErrConflict)
}

// store stores one realm, and its management client in the master realm.
func (m *Realms) store(ctx context.Context, p *plan, o ImportOptions) (Imported, error) {
	d := p.contents.Draft
	done := Imported{Realm: p.name(), Outcome: Created, Clients: len(d.Realm().Clients()), Users: p.mentions.Users, Notes: p.contents.Notes}
	existing, err := m.Store.Realm(ctx, p.name())
	switch {
	case errors.Is(err, fault.ErrNotFound):
	case err != nil:
		return done, err
	case o.Existing == Skip:
		done.Outcome = Skipped
		return done, nil
	case o.Existing == Fail:
		return done, taken(p.name())
	default:
		done.Outcome, d.Replaces = Replaced, existing.Key
	}
	if err := m.completeKeys(d); err != nil {
		return done, err
	}
	audit := m.trail(o.Actor).of(d.Realm(), "CREATE", "REALM", p.name(), nil)
	if err := m.Store.CreateRealm(ctx, d, p.contents.Groups, m.accounts(p), audit); err != nil {
		return done, err
	}
	if p.name() == master {
		return done, nil
	}
	return done, m.editMaster(ctx, func(d *realm.Draft) { realmfile.AddManagement(d, p.name(), m.NewID) })
}

// completeKeys makes the keys that the file does not bring.
func (m *Realms) completeKeys(d *realm.Draft) error {
	for _, k := range d.Realm().Keys() {
		with := *k
		if err := keyring.Complete(&with, d.Realm().Name, m.Now()); err != nil {
			return keycloak.At("components."+keycloak.KeyProviderType+"."+k.Name, err)
		}
		d.PutKey(&with)
	}
	return nil
}

// accounts are the users of a plan with their passwords hashed, and the service accounts it has to
// have.
func (m *Realms) accounts(p *plan) iter.Seq2[user.Account, error] {
	hashing := user.HashingOf(p.contents.Draft.Realm().PasswordPolicy)
	return func(yield func(user.Account, error) bool) {
		for person, err := range m.people(p) {
			if err == nil {
				hash(&person, hashing)
			}
			if !yield(person.Account, err) || err != nil {
				return
			}
		}
		for _, account := range p.contents.ServiceAccounts() {
			if !yield(account, nil) {
				return
			}
		}
	}
}

// hash hashes the passwords that a person brings in plain.
func hash(p *keycloak.Person, hashing user.Hashing) {
	for _, password := range p.Passwords {
		setPassword(&p.Credentials[password.Credential], password.Plain, hashing)
	}
}

// setPassword makes a credential the password's.
func setPassword(c *user.Credential, plain string, hashing user.Hashing) {
	salt := make([]byte, user.SaltSize)
	rand.Read(salt)
	made := user.HashPassword(plain, salt, hashing)
	c.Kind, c.Algorithm, c.Iterations, c.Parameters, c.Salt, c.Hash = user.KindPassword, made.Algorithm, made.Iterations, made.Parameters, made.Salt, made.Hash
}
