package manage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
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
	Author   audit.Author // the zero value on the command line

	// Progress is told how many users of a realm have gone in, of how many; nil where nobody watches.
	Progress func(realm string, users, of int)
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
	Review  realmfile.Review
}

// Import reads a realm file, which holds one realm or an array of them. Each realm is stored in one
// transaction, all or nothing. What is wrong with the file is a *fault.Invalid that names the place
// in it; nothing is stored then.
func (m *Realms) Import(ctx context.Context, doc Document, o ImportOptions) (Report, error) {
	plans, err := m.plan([]document{{open: doc}})
	if err != nil {
		return Report{}, err
	}
	return m.carryOut(ctx, plans, o)
}

// carryOut stores what was planned.
func (m *Realms) carryOut(ctx context.Context, plans []*plan, o ImportOptions) (Report, error) {
	var report Report
	if err := distinct(plans); err != nil {
		return report, err
	}
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

func taken(name string) error {
	return &fault.Conflict{Kind: "realm", Field: "name", Message: "Realm " + name + " already exists"}
}

// store stores one realm, and its management client in the master realm.
func (m *Realms) store(ctx context.Context, p *plan, o ImportOptions) (Imported, error) {
	d := p.contents.Draft
	done := Imported{Realm: p.name(), Outcome: Created, Clients: len(d.Realm().Clients()), Users: p.mentions.Users, Notes: p.notes(), Review: p.contents.Review()}
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
	passwords, err := m.hashPasswords(ctx, p)
	if err != nil {
		return done, err
	}
	record, err := m.recordCreation(ctx, o.Author, d.Realm())
	if err != nil {
		return done, err
	}
	if err := m.Store.CreateRealm(ctx, d, p.contents.Groups, m.accounts(p, passwords, o.Progress), record); err != nil {
		return done, err
	}
	if p.name() == master {
		return done, m.mend(ctx) // the management clients of the other realms went with the former one
	}
	return done, m.editMaster(ctx, func(d *realm.Draft) { realmfile.AddManagement(d, p.name(), m.NewID) })
}

// recordCreation is the event of a new realm.
func (m *Realms) recordCreation(ctx context.Context, author audit.Author, r *realm.Realm) ([]event.Admin, error) {
	if author.NewID == nil {
		author.Now, author.NewID = m.Now(), m.NewID
	}
	record, err := m.recordOf(ctx, author, r)
	if err != nil {
		return nil, err
	}
	return author.Of(record, audit.Create, realmResource, r.Name, keycloak.ShownRealm(keycloak.FromSettings(r))), nil
}

// completeKeys makes the keys that the file does not bring, side by side: an RSA key takes its time.
func (m *Realms) completeKeys(d *realm.Draft) error {
	keys, name, now := d.Realm().Keys(), d.Realm().Name, m.Now()
	made, failed := make([]realm.KeyProvider, len(keys)), make([]error, len(keys))
	var making sync.WaitGroup
	for i, k := range keys {
		made[i] = *k
		making.Go(func() { failed[i] = keyring.Complete(&made[i], name, now) })
	}
	making.Wait()
	for i := range made {
		if failed[i] != nil {
			return keycloak.At("components."+keycloak.KeyProviderType+"."+made[i].Name, failed[i])
		}
		d.PutKey(&made[i])
	}
	return nil
}

// accounts are the users of a plan with their passwords hashed, and the service accounts it has to
// have. progress, where it is not nil, is told of each user that went in.
func (m *Realms) accounts(p *plan, hashed *passwords, progress func(realm string, users, of int)) iter.Seq2[user.Account, error] {
	return func(yield func(user.Account, error) bool) {
		users := 0
		for person, err := range m.people(p) {
			if err == nil {
				err = hashed.fill(&person)
			}
			if !yield(person.Account, err) || err != nil {
				return
			}
			if users++; progress != nil {
				progress(p.name(), users, p.mentions.Users)
			}
		}
		for _, account := range p.contents.ServiceAccounts() {
			if !yield(account, nil) {
				return
			}
		}
	}
}
