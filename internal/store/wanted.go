package store

import "github.com/tokenhouse/tokenhouse/internal/core/user"

// wanted is what a query asks of the users in a digest.
type wanted struct {
	query    *user.Query
	patterns []user.Pattern
	after    int64
	before   int64
	links    []mark
	marks    []mark
}

// wantedBy is nil where digests do not tell: of groups, whose members change without the users' being changed.
func wantedBy(q *user.Query) *wanted {
	if q.Group != "" {
		return nil
	}
	return &wanted{q, q.Patterns(), micros(q.CreatedAfter), micros(q.CreatedBefore), linkMarks(q), marksFor(q)}
}

// hits are the users of a range who are asked for.
type hits struct {
	of  *packed
	set bitset
	n   int
}

// in are the users of a range who are asked for.
func (w *wanted) in(p *packed) hits {
	set := w.are(p)
	for _, m := range w.links {
		set.keep(p.having(m))
	}
	for i := range w.patterns {
		set.keep(p.like(&w.patterns[i], set))
	}
	return hits{p, set, set.len()}
}

// are are the users who are what is asked for, and were created when it is.
func (w *wanted) are(p *packed) bitset {
	q := w.query
	var look, want byte
	demand := func(b byte, set bool) {
		look |= b
		want |= bit(set, b)
	}
	if !q.ServiceAccounts {
		demand(isAccount, false)
	}
	if q.Enabled != nil {
		demand(isEnabled, *q.Enabled)
	}
	if q.EmailVerified != nil {
		demand(isVerified, *q.EmailVerified)
	}
	out := newBitset(p.len())
	for i := range p.len() {
		if p.is[i]&look == want {
			out.add(i)
		}
	}
	if q.CreatedAfter.IsZero() && q.CreatedBefore.IsZero() {
		return out
	}
	created := newBitset(p.len())
	for i := range p.len() {
		at := int64(eight(p.created, i))
		if (q.CreatedAfter.IsZero() || at >= w.after) && (q.CreatedBefore.IsZero() || at <= w.before) {
			created.add(i)
		}
	}
	out.keep(created)
	return out
}

// names are the usernames of a page of them, in the order of the list; all that follow the first ones where max is negative.
func (h *hits) names(first, max int) []string {
	var out []string
	if first >= h.n {
		return nil
	}
	for i := range h.of.len() {
		switch {
		case !h.set.has(i):
		case first > 0:
			first--
		case len(out) == max:
			return out
		default:
			out = append(out, h.of.usernames.at(i))
		}
	}
	return out
}
