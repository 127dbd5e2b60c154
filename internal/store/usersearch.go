package store

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// userSearch is a query being answered.
type userSearch struct {
	engine.Reader
	realmKey string
	from     string // what follows FROM, whose rows u are those of user_search
	where    *conditions
	narrow   func() error // looks for letters that lead to few; nil once that was done
	few      bool         // an index leads to few
	spent    int          // digests that were read, or as much as that
	plain    bool         // it asks for all, or all people
	people   bool         // it asks for people
	ranges   []userRange
	tally    *tally

	digests *digests
	wanted  *wanted         // nil where digests do not help
	marks   []marks         // of each range, nil where there is no digest
	found   map[string]hits // in the ranges that were looked through last, by low
	ahead   int             // how many digests are looked through at once
}

// byLinks looks for an attribute, link, role or group that leads to few users.
func (f *userSearch) byLinks(ctx context.Context, realmKey string, q *user.Query) error {
	for _, l := range linksOf(q) {
		var n int64
		of := l.table + " WHERE realm = $1 AND " + l.column + " = $2"
		err := f.One(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM `+of+` LIMIT $3) hits`, []any{realmKey, l.value, int64(fewHits + 1)}, &n)
		if err != nil {
			return err
		}
		if f.few = int(n) <= fewHits; f.few {
			f.where.add(`u.username IN (SELECT p.username FROM `+l.table+` l JOIN users p ON p.realm = l.realm AND p.id = l.user_id
				WHERE l.realm = ? AND l.`+l.column+` = ?)`, realmKey, l.value)
			return nil
		}
	}
	return nil
}

// page are the ids of a page of the users.
func (f *userSearch) page(ctx context.Context, first, max int) ([]string, error) {
	var ids []string
	skip := first
	for i, r := range f.ranges {
		if max >= 0 && len(ids) >= max {
			break
		}
		if few, err := f.narrowed(); err != nil {
			return nil, err
		} else if few {
			break
		}
		n, known, err := f.number(ctx, i, skip > 0)
		if err != nil {
			return nil, err
		}
		if known && n <= skip {
			skip -= n
			continue
		}
		before, left := len(ids), -1
		if max >= 0 {
			left = max - before
		}
		if ids, err = f.idsIn(ctx, i, ids, skip, left); err != nil {
			return nil, err
		}
		if got := len(ids) - before; !known && (left < 0 || got < left) {
			f.tally.learn(r, got)
		}
		skip = 0
	}
	if f.few { // also where that was not known when this began
		return f.ids(ctx, f.where.clone(), nil, first, max)
	}
	return ids, nil
}

// narrowed tells whether an index leads to few users, which is asked once a little was spent without it.
func (f *userSearch) narrowed() (bool, error) {
	if f.narrow == nil || f.spent < little {
		return f.few, nil
	}
	narrow := f.narrow
	f.narrow = nil
	err := narrow()
	return f.few, err
}

// number is how many of the users in a range are asked for, where that is known, or must be.
func (f *userSearch) number(ctx context.Context, i int, must bool) (n int, known bool, err error) {
	r := f.ranges[i]
	if n, known = f.known(r); known {
		return n, true, nil
	}
	if f.digestible(i) {
		of, ok, err := f.look(ctx, i)
		if err != nil || ok {
			return of.n, ok, err
		}
	}
	if !must {
		return 0, false, nil
	}
	f.spent += rowsOfRange
	if n, err = f.countWhere(ctx, f.within(r)); err == nil {
		f.tally.learn(r, n)
	}
	return n, true, err
}

// idsIn appends the ids of a page of the users in a range.
func (f *userSearch) idsIn(ctx context.Context, i int, to []string, first, max int) ([]string, error) {
	if f.digestible(i) {
		of, ok, err := f.look(ctx, i)
		if err != nil {
			return nil, err
		}
		if ok {
			return f.idsOf(ctx, of.names(first, max), to)
		}
	}
	f.spent += rowsOfRange
	return f.ids(ctx, f.within(f.ranges[i]), to, first, max)
}

// digestible tells whether the digest of a range tells who of it is asked for.
func (f *userSearch) digestible(i int) bool { return f.wanted != nil && f.marks[i] != nil }

// look finds who is asked for in a range, by its digest; not ok where it is not there after all. It looks through the digests
// of some ranges that follow too, and each time of more: whoever came this far will often go on.
func (f *userSearch) look(ctx context.Context, i int) (of hits, ok bool, err error) {
	if !f.marks[i].hasAll(f.wanted.marks) {
		return hits{}, true, nil
	}
	if of, ok = f.found[f.ranges[i].low]; ok {
		return of, true, nil
	}
	var next []userRange
	for j := i; j < len(f.ranges) && len(next) < f.ahead; j++ {
		n, known := f.known(f.ranges[j])
		if f.digestible(j) && (j == i || !known || n > 0) && f.marks[j].hasAll(f.wanted.marks) {
			next = append(next, f.ranges[j])
		}
	}
	f.ahead = min(2*f.ahead, someDigests)
	var read int
	if f.found, read, err = f.digests.find(ctx, f, f.realmKey, next, f.wanted); err != nil {
		return hits{}, false, err
	}
	f.spent += read
	for _, r := range next {
		if of, ok := f.found[r.low]; ok {
			f.tally.learn(r, of.n)
		}
	}
	of, ok = f.found[f.ranges[i].low]
	return of, ok, nil
}

// idsOf appends the ids of users with these names.
func (f *userSearch) idsOf(ctx context.Context, names, to []string) ([]string, error) {
	if len(names) == 0 {
		return to, nil
	}
	c := &conditions{}
	c.add("u.realm = ?", f.realmKey)
	among(c, "u.username", names)
	return f.appendIDs(ctx, `SELECT u.user_id FROM user_search u WHERE `+c.String()+` ORDER BY u.username`, c.args, to)
}

// ids appends the ids of a page of the users who fulfil conditions.
func (f *userSearch) ids(ctx context.Context, c *conditions, to []string, first, max int) ([]string, error) {
	query := `SELECT u.user_id FROM ` + f.from + ` WHERE ` + c.String() + ` ORDER BY u.username` + c.page(first, max)
	return f.appendIDs(ctx, query, c.args, to)
}

func (f *userSearch) appendIDs(ctx context.Context, query string, args []any, to []string) ([]string, error) {
	err := f.Each(ctx, query, args, func(scan engine.Scan) error {
		var id string
		err := scan(&id)
		to = append(to, id)
		return err
	})
	return to, err
}

// count is how many the users are.
func (f *userSearch) count(ctx context.Context) (int, error) {
	total := 0
	for i := range f.ranges {
		if few, err := f.narrowed(); err != nil {
			return 0, err
		} else if few {
			break
		}
		n, _, err := f.number(ctx, i, true)
		if err != nil {
			return 0, err
		}
		total += n
	}
	if f.few {
		return f.countWhere(ctx, f.where)
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

func (f *userSearch) countWhere(ctx context.Context, c *conditions) (int, error) {
	var n int64
	err := f.One(ctx, `SELECT COUNT(*) FROM `+f.from+` WHERE `+c.String(), c.args, &n)
	return int(n), err
}

// within are the conditions on users in a range.
func (f *userSearch) within(r userRange) *conditions {
	c := f.where.clone()
	r.bound(c)
	return c
}
