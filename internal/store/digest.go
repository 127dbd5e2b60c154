package store

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// digest is what the users of a range are searched by, in a form that is quickly looked through: a thousand users in
// a tenth of a millisecond, which takes the database ten to thirty times as long. What is asked for is looked for in
// the digests of those ranges whose marks have it.
//
// A digest is made beside the changes of users, not with them: creating a user would have to write the whole of it. It
// says of which changes it knows, and is not looked at once there are more: see digests.go.
type digest struct {
	marks marks
	users []byte
}

// newDigest is that of users in the order of the list.
func newDigest(users []searched) digest {
	d := digest{users: []byte{}}
	has := map[mark]struct{}{}
	seen := map[string]struct{}{}
	for i := range users {
		u := &users[i]
		d.users = u.appendTo(d.users)
		for _, name := range u.names() {
			if _, done := seen[name]; !done {
				seen[name] = struct{}{}
				for m := range marksOfName(name) {
					has[m] = struct{}{}
				}
			}
		}
		for _, m := range u.linkMarks() {
			has[m] = struct{}{}
		}
		has[either(u.enabled, markEnabled, markDisabled)] = struct{}{}
		has[either(u.verified, markVerified, markUnverified)] = struct{}{}
	}
	d.marks = newMarks(has)
	return d
}

// linkMarks are those of a user's attributes, links and roles.
func (u *searched) linkMarks() []mark {
	out := make([]mark, 0, len(u.facets)+len(u.roles))
	for _, f := range u.facets {
		out = append(out, markOfFacet(f))
	}
	for _, key := range u.roles {
		out = append(out, markOfRole(key))
	}
	return out
}

// What a user is, as bits of a byte.
const (
	isAccount = 1 << iota
	isEnabled
	isVerified
)

// appendTo appends a user: what they are, when they were created, their names and their marks. Lengths and numbers
// are varints, and marks have eight bytes.
func (u *searched) appendTo(to []byte) []byte {
	is := bit(u.account, isAccount) | bit(u.enabled, isEnabled) | bit(u.verified, isVerified)
	to = binary.AppendVarint(append(to, is), u.created)
	for _, name := range u.names() {
		to = append(binary.AppendUvarint(to, uint64(len(name))), name...)
	}
	of := u.linkMarks()
	to = binary.AppendUvarint(to, uint64(len(of)))
	for _, m := range of {
		to = binary.LittleEndian.AppendUint64(to, uint64(m))
	}
	return to
}

func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}

// wanted is what a query asks of a user in a digest.
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

// in are the names of those users of a digest who are asked for.
func (w *wanted) in(packed []byte) ([]string, error) {
	users := string(packed)
	for i := range w.patterns {
		for _, part := range w.patterns[i].Parts {
			if !strings.Contains(users, part) {
				return nil, nil
			}
		}
	}
	var out []string
	for r := (digestReader{text: users}); r.at < len(users); {
		is, created := r.byte(), r.varint()
		username, email, first, last := r.string(), r.string(), r.string(), r.string()
		of := r.take(8 * r.uvarint())
		if r.broken {
			return nil, errors.New("a digest of users is not whole")
		}
		if w.wants(is, created, of) && w.look(username, email, first, last) {
			out = append(out, username)
		}
	}
	return out, nil
}

// look tells whether a user with these names looks as the query wants.
func (w *wanted) look(username, email, first, last string) bool {
	for i := range w.patterns {
		if !w.patterns[i].MatchesTexts(username, email, first, last) {
			return false
		}
	}
	return true
}

// wants tells whether a user may be asked for who is this, was created then, and has these marks.
func (w *wanted) wants(is byte, created int64, of string) bool {
	q := w.query
	switch {
	case is&isAccount != 0 && !q.ServiceAccounts,
		q.Enabled != nil && *q.Enabled != (is&isEnabled != 0),
		q.EmailVerified != nil && *q.EmailVerified != (is&isVerified != 0),
		!q.CreatedAfter.IsZero() && created < w.after,
		!q.CreatedBefore.IsZero() && created > w.before:
		return false
	}
	for _, m := range w.links {
		if !hasMark(of, m) {
			return false
		}
	}
	return true
}

func hasMark(of string, m mark) bool {
	var letters [8]byte
	binary.LittleEndian.PutUint64(letters[:], uint64(m))
	for ; len(of) >= 8; of = of[8:] {
		if of[:8] == string(letters[:]) {
			return true
		}
	}
	return false
}

// digestReader reads what appendTo wrote. What it gives shares the memory of the text.
type digestReader struct {
	text   string
	at     int
	broken bool
}

func (r *digestReader) take(n uint64) string {
	begin := r.at
	if n > uint64(len(r.text)-begin) {
		r.at, r.broken = len(r.text), true
		return ""
	}
	r.at += int(n)
	return r.text[begin:r.at]
}

func (r *digestReader) byte() byte {
	if r.at == len(r.text) {
		r.broken = true
		return 0
	}
	r.at++
	return r.text[r.at-1]
}

func (r *digestReader) uvarint() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			return n
		}
	}
	r.broken = true
	return 0
}

// varint is what binary.AppendVarint wrote: the sign is the lowest bit.
func (r *digestReader) varint() int64 {
	n := r.uvarint()
	if n&1 != 0 {
		return ^int64(n >> 1)
	}
	return int64(n >> 1)
}

func (r *digestReader) string() string { return r.take(r.uvarint()) }
