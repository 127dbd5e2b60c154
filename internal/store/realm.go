package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Realm is the current configuration of a realm, by its name; fault.ErrNotFound.
func (s *Store) Realm(ctx context.Context, name string) (*realm.Realm, error) {
	if h := s.realms.named(name); h != nil {
		r, err := s.current(ctx, h)
		if err == nil && r.Name == name {
			return r, nil
		}
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, fmt.Errorf("load realm %q: %w", name, err)
		}
	}
	var key string // it is not in memory, or it was renamed or deleted
	err := s.found(s.db.One(ctx, `SELECT id FROM realm WHERE name = $1`, []any{name}, &key))
	if err != nil {
		return nil, fmt.Errorf("load realm %q: %w", name, err)
	}
	return s.RealmByKey(ctx, key)
}

// RealmByKey is the current configuration of a realm, by its key; fault.ErrNotFound.
func (s *Store) RealmByKey(ctx context.Context, key string) (*realm.Realm, error) {
	h := s.realms.known(key)
	if h == nil {
		err := s.found(s.db.One(ctx, `SELECT id FROM realm WHERE id = $1`, []any{key}, &key))
		if err != nil {
			return nil, fmt.Errorf("load realm %s: %w", key, err)
		}
		h = s.realms.of(key)
	}
	r, err := s.current(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("load realm %s: %w", key, err)
	}
	return r, nil
}

// RealmNames are the names of all realms, ordered.
func (s *Store) RealmNames(ctx context.Context) ([]string, error) {
	var names []string
	err := s.db.Each(ctx, `SELECT name FROM realm`, nil, func(scan engine.Scan) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	slices.Sort(names) // databases order texts by their locale
	return names, err
}

// CreateRealm makes a realm with its groups and users in one transaction; users may be nil.
// fault.ErrConflict where the name or the key is taken, unless by the realm that the draft
// replaces; an error that users yields. With SQLite other writers wait meanwhile.
func (s *Store) CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, users iter.Seq2[user.Account, error], audit []event.Admin) error {
	r := d.Realm()
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var news []notice
		if d.Replaces != "" {
			removed, err := s.removeRealm(ctx, tx, d.Replaces)
			if err != nil && !errors.Is(err, fault.ErrNotFound) {
				return err
			}
			news = removed
		}
		version, err := s.firstVersion(ctx, tx, r.Key, news)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO realm (id, name, version) VALUES ($1, $2, $3)`, r.Key, r.Name, version); err != nil {
			return err
		}
		if err := s.writeChanges(ctx, tx, r.Key, version, d.Changes()); err != nil {
			return err
		}
		if err := s.importGroups(ctx, tx, r.Key, groups); err != nil {
			return err
		}
		if users != nil {
			if err := s.importUsers(ctx, tx, r.Key, users); err != nil {
				return err
			}
		}
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if err != nil {
		return fmt.Errorf("create realm %q: %w", r.Name, s.taken(ctx, err, r.Key, d.Changes()))
	}
	return nil
}

// firstVersion is the version that a realm begins with: the time, and more than it ever had, so that
// nobody takes a snapshot of a realm that was deleted for one of the realm that took its place.
func (s *Store) firstVersion(ctx context.Context, tx engine.Tx, key string, removed []notice) (int64, error) {
	var before int64
	err := tx.One(ctx, `SELECT COALESCE(MAX(version), 0) FROM invalidation WHERE realm = $1`, []any{key}, &before)
	if h := s.realms.known(key); h != nil {
		before = max(before, h.latest.Load())
	}
	for _, n := range removed {
		before = max(before, n.version)
	}
	return max(s.now().UnixMicro(), before+1), err
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

// Edit changes a realm's configuration in one transaction. It counts the realm's version up first:
// that locks the realm's row, so that parallel edits queue instead of failing. The draft is of the
// realm as it is then. An edit that changes nothing writes nothing; one that returns an error
// neither. The edit may run again, and must not call the store but for what the draft offers.
func (s *Store) Edit(ctx context.Context, name string, edit func(*realm.Draft) ([]event.Admin, error)) error {
	var key string
	var changes []realm.Change
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var version int64
		err := tx.One(ctx, `UPDATE realm SET version = version + 1 WHERE name = $1 RETURNING id, version`,
			[]any{name}, &key, &version)
		if err != nil {
			return s.found(err)
		}
		base, err := s.base(ctx, tx, key, version-1)
		if err != nil {
			return err
		}
		d := realm.Edit(base)
		d.LoadExtra = func(kind realm.Kind, k string) (realm.Extra, error) {
			return s.readExtra(ctx, tx, key, kind, k)
		}
		audit, err := edit(d)
		if err != nil {
			return err
		}
		changes = d.Changes()
		if len(changes)+len(audit) == 0 {
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
func (s *Store) base(ctx context.Context, tx engine.Tx, key string, version int64) (*realm.Realm, error) {
	var snap *realm.Realm
	if h := s.realms.known(key); h != nil {
		snap = h.snapshot.Load()
	}
	if snap != nil && snap.Version == version {
		return snap, nil
	}
	return s.readRealm(ctx, tx, key, version, snap)
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
			batch = append(batch, engine.Statement{SQL: `UPDATE realm SET name = $2 WHERE id = $1 AND name <> $2`,
				Args: []any{key, settings.Name}})
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

// DeleteRealm removes a realm and all that is in it, its events too; fault.ErrNotFound. The admin
// events tell of it in whichever realm they name.
func (s *Store) DeleteRealm(ctx context.Context, name string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var key string
		if err := tx.One(ctx, `SELECT id FROM realm WHERE name = $1`, []any{name}, &key); err != nil {
			return s.found(err)
		}
		news, err := s.removeRealm(ctx, tx, key)
		if err != nil {
			return err
		}
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if err != nil {
		return fmt.Errorf("delete realm %q: %w", name, err)
	}
	return nil
}

// removeRealm deletes a realm's rows, and gives the news of it. The rows of configuration, users and
// groups go with the realm's.
func (s *Store) removeRealm(ctx context.Context, tx engine.Tx, key string) ([]notice, error) {
	var version int64
	err := tx.One(ctx, `DELETE FROM realm WHERE id = $1 RETURNING version`, []any{key}, &version)
	if err != nil {
		return nil, s.found(err)
	}
	var batch []engine.Statement
	for _, table := range []string{"session", "revoked", "used_once", "event", "admin_event"} {
		batch = append(batch, engine.Statement{SQL: `DELETE FROM ` + table + ` WHERE realm = $1`, Args: []any{key}})
	}
	tx.Committed(func() { s.forgetRealm(key, version+1) })
	return []notice{{realm: key, kind: kindGone, id: key, version: version + 1}}, tx.Send(ctx, batch)
}

// forgetRealm drops what is in memory of a realm that was deleted. It is rare, and caches are not
// searched by realm: they are emptied.
func (s *Store) forgetRealm(key string, version int64) {
	s.realms.of(key).heard(version)
	s.users.clear()
	s.names.clear()
	s.sessions.clear()
}

// Extra is what is kept but not acted on of a document; fault.ErrNotFound.
func (s *Store) Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	return s.readExtra(ctx, s.db, realmKey, kind, key)
}

func (s *Store) readExtra(ctx context.Context, r engine.Reader, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	var text []byte
	err := r.One(ctx, `SELECT extra FROM config WHERE realm = $1 AND kind = $2 AND id = $3`,
		[]any{realmKey, string(kind), key}, &text)
	if err != nil {
		return nil, s.found(err)
	}
	return parseExtra(text)
}
