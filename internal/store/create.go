package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// A small realm is made in one transaction. A large one is written some rows at a time, so that other
// writers wait little, below a row that is hidden: nobody finds the realm. The last transaction shows it,
// and hides the realm that it replaces. What an import leaves behind that ended before is swept, once it has
// given no sign of life for sweepSlack.

// atOnce is how many documents and groups, and a fifth of it how many users, make a realm small.
const atOnce = 1000

// mouthful is how many statements of a large realm go in one transaction: about as long as others wait for
// SQLite to write them, some tens of milliseconds.
const mouthful = 500

// CreateRealm makes a realm with its groups and users, which appear together; users may be nil.
// fault.ErrConflict where the name or the key is taken, unless by the realm that the draft replaces; an
// error that users yields. The realm's key is that of the draft, unless the database still holds rows of a
// realm that had it: then it is a new one, and Realm.ID tells the one of the draft.
func (s *Store) CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, users iter.Seq2[user.Account, error], audit []event.Admin) error {
	c := &creation{Store: s, draft: d, key: d.Realm().Key, groups: groups, audit: audit}
	if users == nil {
		users = func(func(user.Account, error) bool) {}
	}
	next, stop := iter.Pull2(users)
	defer stop()
	c.next = next
	small, err := c.isSmall()
	switch {
	case err != nil:
	case small:
		err = s.db.Change(ctx, func(tx engine.Tx) error { return c.whole(ctx, tx) })
	default:
		err = c.piecemeal(ctx)
	}
	if err != nil {
		return fmt.Errorf("create realm %q: %w", d.Realm().Name, s.taken(ctx, err, c.asEdit()))
	}
	s.digests.wake()
	return nil
}

// creation is a realm being made.
type creation struct {
	*Store
	draft   *realm.Draft
	key     string // of its rows
	version int64
	groups  []*realm.Group
	few     []user.Account // the first users
	next    func() (user.Account, error, bool)
	audit   []event.Admin
}

func (c *creation) asEdit() *editing { return &editing{key: c.key, changes: c.draft.Changes()} }

// isSmall tells whether the realm is small; if it is, few are all of its users.
func (c *creation) isSmall() (bool, error) {
	for len(c.few) < atOnce/5 {
		a, err, ok := c.next()
		if err != nil || !ok {
			return len(c.draft.Changes())+len(c.groups) <= atOnce, err
		}
		c.few = append(c.few, a)
	}
	return false, nil
}

// whole makes a small realm.
func (c *creation) whole(ctx context.Context, tx engine.Tx) error {
	news, err := c.replace(ctx, tx)
	if err != nil {
		return err
	}
	if err := c.begin(ctx, tx, news); err != nil {
		return err
	}
	var batch []engine.Statement
	for statements, err := range c.contents(c.users(func() (user.Account, error, bool) { return user.Account{}, nil, false })) {
		if err != nil {
			return err
		}
		batch = append(batch, statements...)
	}
	if err := tx.Send(ctx, batch); err != nil {
		return err
	}
	ranges, err := c.newRanges(ctx, tx, c.key)
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, ranges); err != nil {
		return err
	}
	return c.show(ctx, tx, news)
}

// piecemeal makes a large realm.
func (c *creation) piecemeal(ctx context.Context) error {
	err := c.db.Change(ctx, func(tx engine.Tx) error { return c.begin(ctx, tx, nil) })
	if err != nil {
		return err
	}
	if err = c.fill(ctx); err == nil {
		err = c.db.Change(ctx, func(tx engine.Tx) error {
			if err := c.signOfLife(ctx, tx); err != nil {
				return err
			}
			news, err := c.replace(ctx, tx)
			if err != nil {
				return err
			}
			return c.show(ctx, tx, news)
		})
	}
	if err == nil {
		return nil
	}
	err = c.taken(ctx, err, c.asEdit())
	return errors.Join(err, c.doom(context.WithoutCancel(ctx), c.key))
}

// fill writes the contents of the realm in transactions of their own.
func (c *creation) fill(ctx context.Context) error {
	var batch []engine.Statement
	write := func() error {
		return c.db.Change(ctx, func(tx engine.Tx) error {
			if err := c.signOfLife(ctx, tx); err != nil {
				return err
			}
			return tx.Send(ctx, batch)
		})
	}
	for statements, err := range c.contents(c.users(c.next)) {
		if err != nil {
			return err
		}
		if len(batch)+len(statements) > mouthful {
			if err := write(); err != nil {
				return err
			}
			batch = batch[:0]
		}
		batch = append(batch, statements...)
	}
	if err := write(); err != nil {
		return err
	}
	var err error
	if batch, err = c.newRanges(ctx, c.db, c.key); err != nil {
		return err
	}
	return write()
}

// signOfLife tells that the import goes on, and finds out when it was taken for dead.
func (c *creation) signOfLife(ctx context.Context, tx engine.Tx) error {
	n, err := tx.Exec(ctx, `UPDATE realm SET hidden = $2 WHERE id = $1 AND hidden > 0`, c.key, c.now().UnixMicro())
	if err == nil && n == 0 {
		err = errors.New("the import was interrupted for too long, and what it had written is gone")
	}
	return err
}

// replace hides the realm whose place this one takes.
func (c *creation) replace(ctx context.Context, tx engine.Tx) ([]notice, error) {
	if c.draft.Replaces == "" {
		return nil, nil
	}
	news, err := c.removeRealm(ctx, tx, c.draft.Replaces)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return news, err
}

// begin chooses the key and the first version, and adds the realm's row, hidden yet. Names that are taken
// are found out now, and not after a long import.
func (c *creation) begin(ctx context.Context, tx engine.Tx, removed []notice) error {
	r := c.draft.Realm()
	c.key = r.Key
	err := tx.Each(ctx, `SELECT id, name, hidden FROM realm WHERE name = $1 OR id = $2 OR public = $2`, []any{r.Name, r.Key},
		func(scan engine.Scan) error {
			var id, name string
			var hidden int64
			if err := scan(&id, &name, &hidden); err != nil {
				return err
			}
			switch {
			case hidden == 0 && id != c.draft.Replaces && name == r.Name:
				return &fault.Conflict{Kind: "realm", Field: "name"}
			case hidden == 0 && id != c.draft.Replaces:
				return &fault.Conflict{Kind: "realm", Field: "id"}
			case id == r.Key:
				c.key = uuid.NewString()
			}
			return nil
		})
	if err != nil {
		return err
	}
	if c.version, err = c.firstVersion(ctx, tx, c.key, removed); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO realm (id, name, public, version, hidden) VALUES ($1, $2, $2, $3, $4)`,
		c.key, nameOfHidden(c.key), c.version, c.now().UnixMicro())
	return err
}

// show lets the realm be found.
func (c *creation) show(ctx context.Context, tx engine.Tx, news []notice) error {
	r := c.draft.Realm()
	_, err := tx.Exec(ctx, `UPDATE realm SET name = $2, public = $3, hidden = 0 WHERE id = $1`, c.key, r.Name, r.Key)
	if err != nil {
		return err
	}
	for i := range c.audit {
		if c.audit[i].Realm == r.Key {
			c.audit[i].Realm = c.key
		}
	}
	return tx.Send(ctx, append(adminStatements(c.audit), c.announce(news...)...))
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

// users are the first users and those that come after them.
func (c *creation) users(more func() (user.Account, error, bool)) iter.Seq2[user.Account, error] {
	return func(yield func(user.Account, error) bool) {
		for _, a := range c.few {
			if !yield(a, nil) {
				return
			}
		}
		for a, err, ok := more(); ok; a, err, ok = more() {
			if !yield(a, err) {
				return
			}
		}
	}
}

// contents are the statements that write what is in the realm, those of one thing at a time.
func (c *creation) contents(users iter.Seq2[user.Account, error]) iter.Seq2[[]engine.Statement, error] {
	return func(yield func([]engine.Statement, error) bool) {
		for _, change := range c.draft.Changes() {
			if change.Kind == realm.KindRealm {
				change.Key = c.key
			}
			st, err := c.putDocument(c.key, c.version, change)
			if change.Doc == nil && err == nil {
				continue
			}
			if !yield([]engine.Statement{st}, err) || err != nil {
				return
			}
		}
		for _, g := range c.groups {
			st, err := groupStatement(c.key, g)
			if err != nil {
				err = fmt.Errorf("group %q: %w", cmp.Or(g.Path, g.Name), err)
			}
			if !yield([]engine.Statement{st}, err) || err != nil {
				return
			}
		}
		for a, err := range users {
			var statements []engine.Statement
			if err == nil {
				if statements, err = c.userStatements(c.key, a); err != nil {
					err = fmt.Errorf("user %q: %w", a.User.Username, err)
				}
			}
			if !yield(statements, err) || err != nil {
				return
			}
		}
	}
}
