package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Group finds a group by its key, with Path and Extra; fault.ErrNotFound.
func (s *Store) Group(ctx context.Context, realmKey, key string) (*realm.Group, error) {
	var found []*realm.Group
	err := s.db.View(ctx, func(r engine.Reader) (err error) {
		found, err = groupsBy(ctx, r, realmKey, []string{key})
		return err
	})
	if err = s.found(err); err == nil && len(found) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read group %s: %w", key, err)
	}
	return found[0], nil
}

// groupsBy are the groups with these keys, in their order. Keys of groups that are gone are passed over.
func groupsBy(ctx context.Context, r engine.Reader, realmKey string, keys []string) ([]*realm.Group, error) {
	byKey, err := lineage(ctx, r, realmKey, keys)
	var out []*realm.Group
	for _, key := range keys {
		if g := byKey[key]; g != nil {
			out = append(out, g)
		}
	}
	return out, err
}

// Lineage are the groups with these keys and all above them, each once, ordered by path and with Extra.
// Keys of groups that are gone are passed over.
func (s *Store) Lineage(ctx context.Context, realmKey string, keys []string) ([]*realm.Group, error) {
	var byKey map[string]*realm.Group
	err := s.db.View(ctx, func(r engine.Reader) (err error) {
		byKey, err = lineage(ctx, r, realmKey, keys)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read groups and those above: %w", err)
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b *realm.Group) int { return cmp.Compare(a.Path, b.Path) }), nil
}

// lineage are the groups with these keys and all above them, by key.
func lineage(ctx context.Context, r engine.Reader, realmKey string, keys []string) (map[string]*realm.Group, error) {
	out := map[string]*realm.Group{}
	for some := range slices.Chunk(keys, pageSize) {
		list, args := places(2, some)
		found, err := readGroups(ctx, r, `WITH RECURSIVE up (id) AS (
				SELECT id FROM realm_group WHERE realm = $1 AND id IN (`+list+`)
				UNION SELECT g.parent FROM realm_group g JOIN up ON g.id = up.id WHERE g.realm = $1 AND g.parent <> ''
			) SELECT g.id, g.doc, g.extra FROM realm_group g JOIN up ON g.id = up.id WHERE g.realm = $1`,
			append([]any{realmKey}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, g := range found {
			out[g.Key] = g
		}
	}
	return out, nil
}

// GroupByPath finds a group by its path, as "/staff/night shift", with Extra; fault.ErrNotFound. Names
// may hold slashes, which nothing escapes: of several groups with the path it is one.
func (s *Store) GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error) {
	var key string
	err := s.db.View(ctx, func(r engine.Reader) (err error) {
		key, err = s.walk(ctx, r, realmKey, "", strings.Trim(path, "/"))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read group %q: %w", path, s.found(err))
	}
	return s.Group(ctx, realmKey, key)
}

// walk finds the group at a path below another: that of each name that the path may begin with.
func (s *Store) walk(ctx context.Context, r engine.Reader, realmKey, parent, path string) (string, error) {
	for end := 0; end < len(path); end++ {
		next := strings.IndexByte(path[end:], '/')
		if next < 0 {
			next = len(path) - end
		}
		end += next
		var key string
		err := s.found(r.One(ctx, `SELECT id FROM realm_group WHERE realm = $1 AND parent = $2 AND name = $3`,
			[]any{realmKey, parent, path[:end]}, &key))
		if err == nil && end < len(path) {
			key, err = s.walk(ctx, r, realmKey, key, path[end+1:])
		}
		if err == nil || !isNotFound(err) {
			return key, err
		}
	}
	return "", fault.ErrNotFound
}

// FindGroups are the groups that are asked for by name, with Path and Extra: max of them, or all where it
// is negative, after the first ones.
func (s *Store) FindGroups(ctx context.Context, realmKey string, q realm.GroupQuery, first, max int) ([]*realm.Group, error) {
	var found []*realm.Group
	err := s.db.View(ctx, func(r engine.Reader) error {
		keys, err := s.groupKeys(ctx, r, realmKey, q, first, max)
		if err == nil {
			found, err = groupsBy(ctx, r, realmKey, keys)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	return found, nil
}

// CountGroups is how many groups are asked for.
func (s *Store) CountGroups(ctx context.Context, realmKey string, q realm.GroupQuery) (int, error) {
	var n int64
	err := s.db.View(ctx, func(r engine.Reader) error {
		if q.Plain() {
			c := groupConditions(realmKey, q)
			return r.One(ctx, `SELECT COUNT(*) FROM realm_group WHERE `+c.String(), c.args, &n)
		}
		keys, err := s.groupKeys(ctx, r, realmKey, q, 0, -1)
		n = int64(len(keys))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count groups: %w", err)
	}
	return int(n), nil
}

func groupConditions(realmKey string, q realm.GroupQuery) *conditions {
	c := &conditions{}
	c.add("realm = ?", realmKey)
	if q.Parent != nil {
		c.add("parent = ?", *q.Parent)
	}
	return c
}

// groupKeys are the keys of the groups that are asked for. The database pages through groups by where
// they are; what more is asked for is looked for here, where letters of all languages have two cases.
func (s *Store) groupKeys(ctx context.Context, r engine.Reader, realmKey string, q realm.GroupQuery, first, max int) ([]string, error) {
	c := groupConditions(realmKey, q)
	var keys []string
	if q.Plain() {
		query := `SELECT id FROM realm_group WHERE ` + c.String() + ` ORDER BY name, id` + c.page(first, max)
		return keys, r.Each(ctx, query, c.args, func(scan engine.Scan) error {
			var key string
			err := scan(&key)
			keys = append(keys, key)
			return err
		})
	}
	err := r.Each(ctx, `SELECT id, doc FROM realm_group WHERE `+c.String()+` ORDER BY name, id`, c.args, func(scan engine.Scan) error {
		var key string
		var doc []byte
		if err := scan(&key, &doc); err != nil {
			return err
		}
		g, err := parseGroup(key, doc, nil)
		if err == nil && q.Matches(g) {
			keys = append(keys, key)
		}
		return err
	})
	keys = keys[min(first, len(keys)):]
	if max >= 0 {
		keys = keys[:min(max, len(keys))]
	}
	return keys, err
}

// SubGroups is how many groups are directly below each of these. Those that have none are not in it.
func (s *Store) SubGroups(ctx context.Context, realmKey string, keys []string) (map[string]int, error) {
	out := map[string]int{}
	for len(keys) > 0 {
		some := keys[:min(len(keys), pageSize)]
		keys = keys[len(some):]
		list, args := places(2, some)
		err := s.db.Each(ctx, `SELECT parent, COUNT(*) FROM realm_group WHERE realm = $1 AND parent IN (`+list+`) GROUP BY parent`,
			append([]any{realmKey}, args...), func(scan engine.Scan) error {
				var key string
				var n int64
				err := scan(&key, &n)
				out[key] = int(n)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("count groups below others: %w", err)
		}
	}
	return out, nil
}
