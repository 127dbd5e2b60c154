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
	return s.EditTogether(ctx, []string{name}, func(drafts []*realm.Draft) ([]event.Admin, error) { return edit(drafts[0]) })
}

// EditTogether is Edit for some realms at once: either all of them change or none does. They are locked in
// the order of their names here, in which all callers have to name them.
func (s *Store) EditTogether(ctx context.Context, names []string, edit func([]*realm.Draft) ([]event.Admin, error)) error {
	return s.edit(ctx, names, func(_ engine.Tx, drafts []*realm.Draft) (audit []event.Admin, changed bool, err error) {
		audit, err = edit(drafts)
		return audit, false, err
	})
}

// edit is EditTogether for an edit that changes other things too in the transaction, and tells whether it did.
func (s *Store) edit(ctx context.Context, names []string, edit func(engine.Tx, []*realm.Draft) (audit []event.Admin, changed bool, err error)) error {
	var edits []*editing
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		edits = nil
		drafts := make([]*realm.Draft, len(names))
		for i, name := range names {
			e, err := s.beginEdit(ctx, tx, name)
			if err != nil {
				return err
			}
			edits, drafts[i] = append(edits, e), e.draft
		}
		audit, changed, err := edit(tx, drafts)
		if err != nil {
			return err
		}
		changed = changed || len(audit) > 0
		for _, e := range edits {
			e.changes = e.draft.Changes()
			changed = changed || len(e.changes) > 0
		}
		if !changed {
			return errUnchanged
		}
		var news []notice
		for _, e := range edits {
			if err := s.writeChanges(ctx, tx, e.key, e.version, e.changes); err != nil {
				return err
			}
			news = append(news, configNotices(e.key, e.version, e.changes)...)
			s.keepAfter(tx, e)
		}
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return s.taken(ctx, err, edits...)
}

// editing is a realm within the transaction that changes it.
type editing struct {
	key     string
	version int64 // that it is going to have
	base    *realm.Realm
	draft   *realm.Draft
	changes []realm.Change // what the draft came to
}

func (s *Store) beginEdit(ctx context.Context, tx engine.Tx, name string) (*editing, error) {
	var e editing
	var public string
	err := tx.One(ctx, `UPDATE realm SET version = version + 1 WHERE name = $1 AND hidden = 0 RETURNING id, public, version`,
		[]any{name}, &e.key, &public, &e.version)
	if err != nil {
		return nil, s.found(err)
	}
	if e.base, err = s.base(ctx, tx, realm.Realm{Key: e.key, Public: public, Version: e.version - 1}); err != nil {
		return nil, err
	}
	e.draft = realm.Edit(e.base)
	e.draft.LoadExtra = func(kind realm.Kind, k string) (realm.Extra, error) {
		return s.readExtra(ctx, tx, e.key, kind, k)
	}
	return &e, nil
}

// keepAfter keeps the realm as it is after the edit, once the transaction is committed.
func (s *Store) keepAfter(tx engine.Tx, e *editing) {
	next := after(e.base, e.version, e.changes)
	tx.Committed(func() {
		h := s.realms.of(e.key)
		h.heard(e.version)
		s.realms.keep(h, next)
	})
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
func (s *Store) taken(ctx context.Context, err error, edits ...*editing) error {
	if table, _, duplicate := s.db.Duplicate(err); !duplicate || table != "config" {
		return s.fails(err)
	}
	for _, e := range edits {
		if kind := s.twice(ctx, e); kind != "" {
			return &fault.Conflict{Kind: string(kind), Field: "name"}
		}
	}
	return s.fails(err)
}

// twice is of what kind the first change is whose name another document has, or another change; empty where
// there is none.
func (s *Store) twice(ctx context.Context, e *editing) realm.Kind {
	type name struct {
		kind realm.Kind
		name string
	}
	seen := map[name]bool{}
	for _, c := range e.changes {
		n := name{c.Kind, columnText(c.Name)}
		if c.Doc == nil {
			continue
		}
		var other string
		err := s.db.One(ctx, `SELECT id FROM config WHERE realm = $1 AND kind = $2 AND name = $3 AND id <> $4`,
			[]any{e.key, string(n.kind), n.name, c.Key}, &other)
		if err == nil || seen[n] {
			return c.Kind
		}
		seen[n] = true
	}
	return ""
}
