package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// What an attribute, a link, a role or a group has few of is found by that, and who has a whole name by its letters where
// some ranges have no digest. Any other search begins in the order of the list, with the ranges that may have some, as
// long as no more than a little has to be read from the database. What is common, or in few ranges, is found by then. What
// is not is rare, and its letters may lead to few users; else the search goes on. Variables for tests.
var (
	// fewHits is up to how many users that an index leads to are looked at each.
	fewHits = 1000

	// little is how many digests are read before that.
	little = 64
)

// rowsOfRange is how many times as long as its digest the rows of a range take.
const rowsOfRange = 10

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

// search chooses how a query is answered.
func (s *Store) search(ctx context.Context, r engine.Reader, realmKey string, q user.Query) (*userSearch, error) {
	find := &userSearch{Reader: r, realmKey: realmKey, from: allSearched, where: searchConditions(realmKey, &q), people: !q.ServiceAccounts}
	find.plain = len(find.where.where) == 1 || len(find.where.where) == 2 && find.people
	if !find.plain {
		find.tally = s.tallies.of(find.where)
		if err := find.byLinks(ctx, realmKey, &q); err != nil || find.few {
			return find, err
		}
		find.narrow = func() error { return s.byTokens(ctx, find, realmKey, q.Patterns()) }
	}
	var err error
	if find.ranges, err = readRanges(ctx, r, realmKey); err != nil || find.plain {
		return find, err
	}
	if find.wanted = wantedBy(&q); find.wanted != nil {
		find.digests, find.ahead = s.digests, 1
		if find.marks, err = s.digests.marksOf(ctx, r, realmKey, find.ranges); err != nil {
			return find, err
		}
	}
	all := find.wanted != nil && !slices.ContainsFunc(find.marks, func(m marks) bool { return m == nil })
	if !all && slices.ContainsFunc(q.Patterns(), func(p user.Pattern) bool { return p.Start && p.End }) {
		find.spent = little // whoever knows a whole name looks for one
	}
	return find, err
}

// byTokens looks for letters that lead to few users.
func (s *Store) byTokens(ctx context.Context, find *userSearch, realmKey string, patterns []user.Pattern) error {
	tokens, many, err := s.samples.rarest(ctx, find, realmKey, tokensFor(realmKey, patterns))
	if err != nil || many {
		return err
	}
	var n int64
	query, args := s.index.probe(tokens, fewHits+1)
	if err := find.One(ctx, query, args, &n); err != nil {
		return err
	}
	if find.few = int(n) <= fewHits; find.few {
		find.from = s.index.having(find.where, tokens, fewHits)
	}
	return nil
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
