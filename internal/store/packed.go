package store

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// packed is what the users of a range are searched by, in the order of the list, and column by column: so each thing
// that is asked for is looked for in all users at once. A range has at most some thousands.
type packed struct {
	is      string // what each is, a byte
	created string // when each was created, eight bytes

	usernames texts
	emails    column // without the username where the address begins with it, see addressOfName
	firsts    column
	lasts     column

	marks   string // of attributes, links and roles, eight bytes, ascending
	holders texts  // of each mark: users, two bytes
}

// What a user is, as bits of a byte.
const (
	isAccount = 1 << iota
	isEnabled
	isVerified
	addressOfName // the e-mail address begins with the username, as most do: it is kept without it
)

// pack packs users in the order of the list.
func pack(users []searched) []byte {
	var is, created []byte
	var usernames, emails, firsts, lasts columnWriter
	holders := map[mark][]byte{}
	for i := range users {
		u := &users[i]
		rest, named := strings.CutPrefix(u.email, u.username)
		named = named && u.username != ""
		is = append(is, bit(u.account, isAccount)|bit(u.enabled, isEnabled)|bit(u.verified, isVerified)|bit(named, addressOfName))
		created = binary.LittleEndian.AppendUint64(created, uint64(u.created))
		usernames.add(u.username)
		emails.put(rest)
		firsts.put(u.first)
		lasts.put(u.last)
		for _, m := range u.linkMarks() {
			holders[m] = binary.LittleEndian.AppendUint16(holders[m], uint16(i))
		}
	}
	var marks []byte
	var held columnWriter
	for _, m := range slices.Sorted(maps.Keys(holders)) {
		marks = binary.LittleEndian.AppendUint64(marks, uint64(m))
		held.add(string(holders[m]))
	}
	var out []byte
	for _, section := range [][]byte{is, created, usernames.all, usernames.ends, emails.all, emails.ends, emails.of,
		firsts.all, firsts.ends, firsts.of, lasts.all, lasts.ends, lasts.of, marks, held.all, held.ends} {
		out = append(binary.AppendUvarint(out, uint64(len(section))), section...)
	}
	return out
}

func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}

// unpack is what pack made. It shares the memory of the text.
func unpack(text string) (*packed, error) {
	p := &packed{}
	for _, section := range []*string{&p.is, &p.created, &p.usernames.all, &p.usernames.ends, &p.emails.all, &p.emails.ends, &p.emails.of,
		&p.firsts.all, &p.firsts.ends, &p.firsts.of, &p.lasts.all, &p.lasts.ends, &p.lasts.of, &p.marks, &p.holders.all, &p.holders.ends} {
		n, size := uvarint(text)
		if size == 0 || n > uint64(len(text)-size) {
			return nil, errNotWhole
		}
		*section, text = text[size:size+int(n)], text[size+int(n):]
	}
	if text != "" || !p.whole() {
		return nil, errNotWhole
	}
	return p, nil
}

var errNotWhole = errors.New("a digest of users is not whole")

// uvarint reads what binary.AppendUvarint wrote, in size bytes; none where the text is too short.
func uvarint(text string) (n uint64, size int) {
	for size < min(len(text), binary.MaxVarintLen64) {
		b := text[size]
		n |= uint64(b&0x7f) << (7 * size)
		if size++; b < 0x80 {
			return n, size
		}
	}
	return 0, 0
}

// whole tells whether all columns are of the same users.
func (p *packed) whole() bool {
	n := p.len()
	if len(p.created) != 8*n || p.usernames.len() != n || !p.usernames.whole() || !p.emails.whole(n) || !p.firsts.whole(n) || !p.lasts.whole(n) ||
		len(p.marks) != 8*p.holders.len() || !p.holders.whole() {
		return false
	}
	for i := range len(p.holders.all) / 2 {
		if int(two(p.holders.all, i)) >= n {
			return false
		}
	}
	return true
}

// len is how many users there are.
func (p *packed) len() int { return len(p.is) }

// like are the users who look like this, of some at least: who else does need not be told.
func (p *packed) like(of *user.Pattern, some bitset) bitset {
	switch of.Field {
	case user.Username:
		return p.usernames.like(of)
	case user.Email:
		return p.addressed(of, p.usernames.like(of))
	case user.FirstName:
		return p.firsts.like(of)
	case user.LastName:
		return p.lasts.like(of)
	}
	out := p.firsts.like(of)
	out.join(p.lasts.like(of))
	if !of.Start {
		out.join(p.emails.like(of)) // as where all addresses end alike
	}
	if out.hasAll(some) {
		return out
	}
	usernames := p.usernames.like(of)
	out.join(usernames)
	out.join(p.addressed(of, usernames))
	return out
}

// addressed are the users whose e-mail address looks like this, given those whose username does. Where the address
// begins with the username it also does if the username does, unless it must end there, and if the rest does, unless it must
// begin there; else what is looked for begins in the username and ends in the rest.
func (p *packed) addressed(of *user.Pattern, usernames bitset) bitset {
	rests := p.emails.texts.like(of)
	across := make([][]int, p.emails.len())
	for i := range across {
		across[i] = cuts(of, p.emails.at(i))
	}
	out := newBitset(p.len())
	for i := range p.len() {
		rest := p.emails.number(i)
		if p.is[i]&addressOfName == 0 {
			if rests.has(rest) {
				out.add(i)
			}
			continue
		}
		if !of.End && usernames.has(i) || !of.Start && rests.has(rest) ||
			len(across[rest]) > 0 && joined(of, p.usernames.at(i), p.emails.at(rest), across[rest]) {
			out.add(i)
		}
	}
	return out
}

// cuts are how much of the last part may be in a username where the part ends in the rest of the address; none where it
// cannot end there.
func cuts(of *user.Pattern, rest string) []int {
	if len(of.Parts) == 0 {
		return nil
	}
	last := of.Parts[len(of.Parts)-1]
	if of.End {
		if i := len(last) - len(rest); i > 0 && last[i:] == rest {
			return []int{i}
		}
		return nil
	}
	var out []int
	if len(of.Parts) > 1 && strings.Contains(rest, last) {
		out = append(out, 0)
	}
	for i := 1; i < len(last); i++ {
		if strings.HasPrefix(rest, last[i:]) {
			out = append(out, i)
		}
	}
	return out
}

// joined tells whether a username with the rest of an address looks like this, where neither does alone.
func joined(of *user.Pattern, username, rest string, cuts []int) bool {
	if len(of.Parts) > 1 {
		return of.In(username + rest)
	}
	for _, i := range cuts {
		part := of.Parts[0][:i]
		if username == part || !of.Start && strings.HasSuffix(username, part) {
			return true
		}
	}
	return false
}

// having are the users who have a mark.
func (p *packed) having(m mark) bitset {
	out := newBitset(p.len())
	n := p.holders.len()
	i := sort.Search(n, func(i int) bool { return eight(p.marks, i) >= uint64(m) })
	if i < n && eight(p.marks, i) == uint64(m) {
		having := p.holders.at(i)
		for j := range len(having) / 2 {
			out.add(int(two(having, j)))
		}
	}
	return out
}
