package store

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Edit changes a realm's configuration in one transaction. It counts the realm's version up first:
// that locks the realm's row, so that parallel edits queue instead of failing. The draft is of the
// realm as it is then. An edit that changes nothing writes nothing; one that returns an error
// neither. The edit may run again, and must not call the store but for what the draft offers.
func (s *Store) Edit(ctx context.Context, name string, edit func(*realm.Draft) ([]event.Admin, error)) error {
	return s.edit(ctx, name, func(_ engine.Tx, d *realm.Draft) (audit []event.Admin, changed bool, err error) {
		audit, err = edit(d)
		return audit, false, err
	})
}

// edit is Edit for an edit that changes other things too in the transaction, and tells whether it did.
func (s *Store) edit(ctx context.Context, name string, edit func(engine.Tx, *realm.Draft) (audit []event.Admin, changed bool, err error)) error {
	var key string
	var changes []realm.Change
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var public string
		var version int64
		err := tx.One(ctx, `UPDATE realm SET version = version + 1 WHERE name = $1 AND hidden = 0 RETURNING id, public, version`,
			[]any{name}, &key, &public, &version)
		if err != nil {
			return s.found(err)
		}
		base, err := s.base(ctx, tx, realm.Realm{Key: key, Public: public, Version: version - 1})
		if err != nil {
			return err
		}
		d := realm.Edit(base)
		d.LoadExtra = func(kind realm.Kind, k string) (realm.Extra, error) {
			return s.readExtra(ctx, tx, key, kind, k)
		}
		audit, changed, err := edit(tx, d)
		if err != nil {
			return err
		}
		changes = d.Changes()
		if len(changes)+len(audit) == 0 && !changed {
			return errUnchanged
		}
		if err := s.writeChanges(ctx, tx, key, version, changes); err != nil {
			return err
		}
		if err := tx.Send(ctx, append(adminStatements(audit), s.announce(configNotices(key, version, changes)...)...)); err != nil {
			return err
		}
		next := after(base, version, changes)
		tx.Committed(func() {
			h := s.realms.of(key)
			h.heard(version)
			s.realms.keep(h, next)
		})
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return s.taken(ctx, err, key, changes)
}

var errUnchanged = errors.New("nothing changed")

// base is a version of a realm, within the transaction that holds the realm's row.
func (s *Store) base(ctx context.Context, tx engine.Tx, of realm.Realm) (*realm.Realm, error) {
	var snap *realm.Realm
	if h := s.realms.known(of.Key); h != nil {
		snap = h.snapshot.Load()
	}
	if snap != nil && snap.Version == of.Version {
		return snap, nil
	}
	return s.readRealm(ctx, tx, of, snap)
}

// after is the snapshot that follows from an edit.
func after(base *realm.Realm, version int64, changes []realm.Change) *realm.Realm {
	for i := range changes {
		if changes[i].Doc != nil {
			changes[i].Doc = withoutExtra(changes[i].Doc)
		}
	}
	return base.With(version, changes)
}

func configNotices(key string, version int64, changes []realm.Change) []notice {
	if len(changes) == 0 { // only an admin event: the version moved all the same
		return []notice{{realm: key, kind: string(realm.KindRealm), id: key, version: version}}
	}
	out := make([]notice, len(changes))
	for i, c := range changes {
		out[i] = notice{realm: key, kind: string(c.Kind), id: c.Key, version: version}
	}
	return out
}

// writeChanges writes documents. What is deleted goes first: its name may be taken anew.
func (s *Store) writeChanges(ctx context.Context, tx engine.Tx, key string, version int64, changes []realm.Change) error {
	ordered := slices.SortedStableFunc(slices.Values(changes), func(a, b realm.Change) int {
		return cmp.Compare(rank(a), rank(b))
	})
	var batch []engine.Statement
	for _, c := range ordered {
		st, err := s.changeStatement(key, version, c)
		if err != nil {
			return err
		}
		batch = append(batch, st)
		if settings, ok := c.Doc.(*realm.Settings); ok {
			batch = append(batch, renameStatement(key, settings.Name))
		}
		if len(batch) >= batchSize {
			if err := tx.Send(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return tx.Send(ctx, batch)
}

func renameStatement(key, name string) engine.Statement {
	return engine.Statement{SQL: `UPDATE realm SET name = $2 WHERE id = $1 AND name <> $2`, Args: []any{key, name}}
}

// batchSize is how many statements are sent at once where there are many.
const batchSize = 1000

func rank(c realm.Change) int {
	if c.Doc == nil {
		return 0
	}
	return 1
}

func (s *Store) changeStatement(key string, version int64, c realm.Change) (engine.Statement, error) {
	if c.Doc == nil {
		return engine.Statement{SQL: `DELETE FROM config WHERE realm = $1 AND kind = $2 AND id = $3`,
			Args: []any{key, string(c.Kind), c.Key}}, nil
	}
	return s.putDocument(key, version, c)
}

// taken is fails, and finds which of the changes asks for what another document has.
func (s *Store) taken(ctx context.Context, err error, key string, changes []realm.Change) error {
	table, _, duplicate := s.db.Duplicate(err)
	if !duplicate || table != "config" {
		return s.fails(err)
	}
	type name struct {
		kind realm.Kind
		name string
	}
	seen := map[name]bool{}
	for _, c := range changes {
		n := name{c.Kind, columnText(c.Name)}
		if c.Doc == nil {
			continue
		}
		var other string
		err := s.db.One(ctx, `SELECT id FROM config WHERE realm = $1 AND kind = $2 AND name = $3 AND id <> $4`,
			[]any{key, string(n.kind), n.name, c.Key}, &other)
		if err == nil || seen[n] {
			return &fault.Conflict{Kind: string(c.Kind), Field: "name"}
		}
		seen[n] = true
	}
	return s.fails(err)
}
