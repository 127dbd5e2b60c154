package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Groups are all groups of a realm with their Extra, ordered by path.
func (s *Store) Groups(ctx context.Context, realmKey string) ([]*realm.Group, error) {
	groups, err := readGroups(ctx, s.db, `SELECT id, doc, extra FROM realm_group WHERE realm = $1`, realmKey)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	return groups, nil
}

// groupsOf are the groups that a user joined and all above them, ordered by path, without Extra.
func (s *Store) groupsOf(ctx context.Context, realmKey, userID string) ([]*realm.Group, error) {
	groups, err := readGroups(ctx, s.db, `WITH RECURSIVE up (id) AS (
			SELECT group_id FROM user_group WHERE realm = $1 AND user_id = $2
			UNION SELECT g.parent FROM realm_group g JOIN up ON g.id = up.id WHERE g.realm = $1 AND g.parent <> ''
		) SELECT g.id, g.doc, CAST(NULL AS TEXT) FROM realm_group g JOIN up ON g.id = up.id WHERE g.realm = $1`,
		realmKey, userID)
	if err != nil {
		return nil, fmt.Errorf("read groups of user %s: %w", userID, err)
	}
	return groups, nil
}

// readGroups reads groups, gives them their paths, for which those above must be among them, and
// orders them by these.
func readGroups(ctx context.Context, r engine.Reader, query string, args ...any) ([]*realm.Group, error) {
	byKey := map[string]*realm.Group{}
	var out []*realm.Group
	err := r.Each(ctx, query, args, func(scan engine.Scan) error {
		var id string
		var doc, extra []byte
		if err := scan(&id, &doc, &extra); err != nil {
			return err
		}
		g, err := parseGroup(id, doc, extra)
		if err != nil {
			return err
		}
		byKey[g.Key] = g
		out = append(out, g)
		return nil
	})
	for _, g := range out {
		g.Path = path(g, byKey, len(out))
	}
	slices.SortFunc(out, func(a, b *realm.Group) int { return cmp.Compare(a.Path, b.Path) })
	return out, err
}

func parseGroup(key string, doc, extra []byte) (*realm.Group, error) {
	g := &realm.Group{}
	err := json.Unmarshal(doc, g)
	if err == nil {
		g.Extra, err = parseExtra(extra)
	}
	if err != nil {
		return nil, fmt.Errorf("group %s: %w", key, err)
	}
	return g, nil
}

// path is a group's path. Names are written as they are: Keycloak does not escape a slash either.
func path(g *realm.Group, byKey map[string]*realm.Group, most int) string {
	above := ""
	if parent := byKey[g.Parent]; parent != nil && most > 0 {
		above = path(parent, byKey, most-1)
	}
	return above + "/" + g.Name
}

// PutGroup adds or replaces a group; its Path is not kept, but follows from the groups above.
// fault.ErrNotFound where the realm or the parent is missing, fault.ErrConflict where the parent has
// another group of that name, fault.Invalid where the group would be above itself.
func (s *Store) PutGroup(ctx context.Context, realmKey string, g *realm.Group, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error { return s.putGroup(ctx, tx, realmKey, g, audit) })
	if err != nil {
		return fmt.Errorf("put group %q: %w", g.Name, s.fails(err))
	}
	return nil
}

func (s *Store) putGroup(ctx context.Context, tx engine.Tx, realmKey string, g *realm.Group, audit []event.Admin) error {
	if err := s.checkParent(ctx, tx, realmKey, g); err != nil {
		return err
	}
	return s.writeGroup(ctx, tx, realmKey, g, audit)
}

// EditGroup changes a group. The group has Extra, and neither Path nor key are the edit's to change; it may
// move, with what is below it, to another parent. Parallel edits queue. Extra that the edit sets to
// nil stays as it is. Errors are those of PutGroup. The edit may run again, and must not call the store.
func (s *Store) EditGroup(ctx context.Context, realmKey, key string, edit func(*realm.Group) ([]event.Admin, error)) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var doc, extra []byte
		err := tx.One(ctx, `UPDATE realm_group SET name = name WHERE realm = $1 AND id = $2 RETURNING doc, extra`,
			[]any{realmKey, key}, &doc, &extra)
		if err != nil {
			return s.found(err)
		}
		g, err := parseGroup(key, doc, extra)
		if err != nil {
			return err
		}
		parent := g.Parent
		audit, err := edit(g)
		if err != nil {
			return err
		}
		g.Key = key
		if g.Parent != parent {
			if err := s.checkParent(ctx, tx, realmKey, g); err != nil {
				return err
			}
		}
		return s.writeGroup(ctx, tx, realmKey, g, audit)
	})
	if err != nil {
		return fmt.Errorf("edit group %s: %w", key, s.fails(err))
	}
	return nil
}

func (s *Store) writeGroup(ctx context.Context, tx engine.Tx, realmKey string, g *realm.Group, audit []event.Admin) error {
	st, err := groupStatement(realmKey, g)
	if err != nil {
		return err
	}
	tx.Committed(func() { s.groups.Add(1) })
	batch := append([]engine.Statement{st}, adminStatements(audit)...)
	return tx.Send(ctx, append(batch, s.announce(notice{realm: realmKey, kind: kindGroup, id: g.Key})...))
}

// checkParent sees to it that a group gets a parent that is not below it. Moves within a realm queue at its
// row: else two groups could move below each other.
func (s *Store) checkParent(ctx context.Context, tx engine.Tx, realmKey string, g *realm.Group) error {
	if g.Parent == "" {
		return nil
	}
	if g.Parent == g.Key {
		return &fault.Invalid{Field: "parentId", Message: "a group cannot be its own parent"}
	}
	if _, err := tx.Exec(ctx, `UPDATE realm SET name = name WHERE id = $1`, realmKey); err != nil {
		return err
	}
	found := false
	err := tx.Each(ctx, `WITH RECURSIVE up (id, parent) AS (
			SELECT id, parent FROM realm_group WHERE realm = $1 AND id = $2
			UNION SELECT g.id, g.parent FROM realm_group g JOIN up ON g.id = up.parent WHERE g.realm = $1
		) SELECT id FROM up`, []any{realmKey, g.Parent}, func(scan engine.Scan) error {
		var id string
		if err := scan(&id); err != nil {
			return err
		}
		found = true
		if id == g.Key {
			return &fault.Invalid{Field: "parentId", Message: "a group cannot be below itself"}
		}
		return nil
	})
	if err == nil && !found {
		return fault.ErrNotFound
	}
	return err
}

func groupStatement(realmKey string, g *realm.Group) (st engine.Statement, err error) {
	stored := *g
	stored.Path = ""
	doc, err := encode(stored)
	if err != nil {
		return st, err
	}
	extra, err := extraText(g.Extra)
	return engine.Statement{
		SQL: `INSERT INTO realm_group (realm, id, parent, name, doc, extra) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (realm, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, doc = excluded.doc,
				extra = COALESCE(excluded.extra, realm_group.extra)`,
		Args: []any{realmKey, g.Key, g.Parent, g.Name, doc, extra},
	}, err
}

// DeleteGroup removes a group and those below it; fault.ErrNotFound. Users keep its key, which then
// leads nowhere.
func (s *Store) DeleteGroup(ctx context.Context, realmKey, key string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error { return s.deleteGroup(ctx, tx, realmKey, key, audit) })
	if err != nil {
		return fmt.Errorf("delete group %s: %w", key, s.found(err))
	}
	return nil
}

func (s *Store) deleteGroup(ctx context.Context, tx engine.Tx, realmKey, key string, audit []event.Admin) error {
	n := 0
	err := tx.Each(ctx, `WITH RECURSIVE down (id) AS (
			SELECT id FROM realm_group WHERE realm = $1 AND id = $2
			UNION SELECT g.id FROM realm_group g JOIN down ON g.parent = down.id WHERE g.realm = $1
		) DELETE FROM realm_group WHERE realm = $1 AND id IN (SELECT id FROM down) RETURNING id`,
		[]any{realmKey, key}, func(engine.Scan) error { n++; return nil })
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.ErrNotFound
	}
	tx.Committed(func() { s.groups.Add(1) })
	batch := append([]engine.Statement{{
		SQL: `DELETE FROM user_group WHERE realm = $1
			AND group_id NOT IN (SELECT id FROM realm_group WHERE realm = $1)`,
		Args: []any{realmKey},
	}}, adminStatements(audit)...)
	return tx.Send(ctx, append(batch, s.announce(notice{realm: realmKey, kind: kindGroup, id: key})...))
}
