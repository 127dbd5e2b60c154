package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// fewHits is up to how many users that an index leads to are looked at each. Of more, those that are
// listed first are soon met in the order of the list.
var fewHits = 4000 // a variable for tests

// FindUsers are the users that are asked for by username, with Extra and without credentials: max of
// them, or all where it is negative, after the first ones.
func (s *Store) FindUsers(ctx context.Context, realmKey string, q user.Query, first, max int) ([]user.Account, error) {
	var out []user.Account
	err := s.db.View(ctx, func(r engine.Reader) error {
		find, err := s.search(ctx, r, realmKey, q)
		if err != nil {
			return err
		}
		ids, err := find.page(ctx, first, max)
		if err == nil {
			out, err = usersBy(ctx, r, realmKey, ids)
		}
		return err
	})
	if err = s.found(err); err != nil && !isNotFound(err) {
		return nil, fmt.Errorf("find users: %w", err)
	}
	return out, nil
}

// CountUsers is how many users are asked for.
func (s *Store) CountUsers(ctx context.Context, realmKey string, q user.Query) (n int, err error) {
	err = s.db.View(ctx, func(r engine.Reader) error {
		find, err := s.search(ctx, r, realmKey, q)
		if err == nil {
			n, err = find.count(ctx)
		}
		return err
	})
	if err = s.found(err); err != nil && !isNotFound(err) {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// userSearch is a query being answered.
type userSearch struct {
	engine.Reader
	from   string // what follows FROM, whose rows u are those of user_search
	where  *conditions
	few    bool // an index leads to few
	plain  bool // it asks for all, or all people
	people bool // it asks for people
	ranges []userRange
	tally  *tally
}

// search chooses how a query is answered.
func (s *Store) search(ctx context.Context, r engine.Reader, realmKey string, q user.Query) (*userSearch, error) {
	find := &userSearch{Reader: r, from: allSearched, where: searchConditions(realmKey, &q), people: !q.ServiceAccounts}
	if find.plain = len(find.where.where) == 1 || len(find.where.where) == 2 && find.people; !find.plain {
		if err := s.narrow(ctx, find, realmKey, &q); err != nil || find.few {
			return find, err
		}
		find.tally = s.tallies.of(find.where)
	}
	var err error
	find.ranges, err = readRanges(ctx, r, realmKey)
	return find, err
}

// narrow looks for an index that leads to few users.
func (s *Store) narrow(ctx context.Context, find *userSearch, realmKey string, q *user.Query) error {
	var n int64
	tokens, many, err := s.samples.rarest(ctx, find, realmKey, tokensFor(realmKey, q.Patterns()))
	if err != nil {
		return err
	}
	if !many {
		query, args := s.index.probe(tokens, fewHits+1)
		if err := find.One(ctx, query, args, &n); err != nil {
			return err
		}
		if find.few = int(n) <= fewHits; find.few {
			find.from = s.index.having(find.where, tokens, fewHits)
			return nil
		}
	}
	for _, l := range linksOf(q) {
		of := l.table + " WHERE realm = $1 AND " + l.column + " = $2"
		err := find.One(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM `+of+` LIMIT $3) hits`, []any{realmKey, l.value, int64(fewHits + 1)}, &n)
		if err != nil {
			return err
		}
		if find.few = int(n) <= fewHits; find.few {
			find.where.add(`u.username IN (SELECT p.username FROM `+l.table+` l JOIN users p ON p.realm = l.realm AND p.id = l.user_id
				WHERE l.realm = ? AND l.`+l.column+` = ?)`, realmKey, l.value)
			return nil
		}
	}
	return nil
}

// page are the ids of a page of the users.
func (f *userSearch) page(ctx context.Context, first, max int) ([]string, error) {
	if f.few {
		return f.ids(ctx, f.where.clone(), nil, first, max)
	}
	var ids []string
	for _, r := range f.ranges {
		if max >= 0 && len(ids) >= max {
			break
		}
		n, known := f.known(r)
		if !known && first > 0 {
			var err error
			if n, err = f.countIn(ctx, r); err != nil {
				return nil, err
			}
			known = true
		}
		if known && n <= first {
			first -= n
			continue
		}
		before, left := len(ids), -1
		if max >= 0 {
			left = max - before
		}
		var err error
		if ids, err = f.ids(ctx, f.within(r), ids, first, left); err != nil {
			return nil, err
		}
		if got := len(ids) - before; !known && (left < 0 || got < left) {
			f.tally.learn(r, got)
		}
		first = 0
	}
	return ids, nil
}

// ids appends the ids of a page of the users who fulfil conditions.
func (f *userSearch) ids(ctx context.Context, c *conditions, to []string, first, max int) ([]string, error) {
	query := `SELECT u.user_id FROM ` + f.from + ` WHERE ` + c.String() + ` ORDER BY u.username` + c.page(first, max)
	err := f.Each(ctx, query, c.args, func(scan engine.Scan) error {
		var id string
		err := scan(&id)
		to = append(to, id)
		return err
	})
	return to, err
}

// count is how many the users are.
func (f *userSearch) count(ctx context.Context) (int, error) {
	if f.few {
		return f.countWhere(ctx, f.where)
	}
	total := 0
	for _, r := range f.ranges {
		n, known := f.known(r)
		if !known {
			var err error
			if n, err = f.countIn(ctx, r); err != nil {
				return 0, err
			}
		}
		total += n
	}
	return total, nil
}

// known is how many of the users in a range are asked for, where that is known.
func (f *userSearch) known(r userRange) (n int, ok bool) {
	switch {
	case f.plain && f.people:
		return r.people, true
	case f.plain:
		return r.people + r.accounts, true
	}
	return f.tally.of(r)
}

func (f *userSearch) countIn(ctx context.Context, r userRange) (int, error) {
	n, err := f.countWhere(ctx, f.within(r))
	if err == nil {
		f.tally.learn(r, n)
	}
	return n, err
}

func (f *userSearch) countWhere(ctx context.Context, c *conditions) (int, error) {
	var n int64
	err := f.One(ctx, `SELECT COUNT(*) FROM `+f.from+` WHERE `+c.String(), c.args, &n)
	return int(n), err
}

// within are the conditions on users in a range.
func (f *userSearch) within(r userRange) *conditions {
	c := f.where.clone()
	c.add("u.username >= ?", r.low)
	if r.high != "" {
		c.add("u.username < ?", r.high)
	}
	return c
}

// usersBy are the users with these ids, in their order, without credentials.
func usersBy(ctx context.Context, r engine.Reader, realmKey string, ids []string) ([]user.Account, error) {
	byID := make(map[string]user.User, len(ids))
	for rest := ids; len(rest) > 0; {
		some := rest[:min(len(rest), pageSize)]
		rest = rest[len(some):]
		list, args := places(2, some)
		err := r.Each(ctx, `SELECT doc, extra FROM users WHERE realm = $1 AND id IN (`+list+`)`, append([]any{realmKey}, args...),
			func(scan engine.Scan) error {
				var doc, extra []byte
				if err := scan(&doc, &extra); err != nil {
					return err
				}
				u, err := parseUser(doc, extra)
				byID[u.ID] = u
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	out := make([]user.Account, 0, len(ids))
	for _, id := range ids {
		if u, ok := byID[id]; ok {
			out = append(out, user.Account{User: u})
		}
	}
	return out, nil
}
