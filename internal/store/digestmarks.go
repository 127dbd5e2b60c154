package store

import (
	"encoding/binary"
	"iter"
	"maps"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// A mark is a hash of something that users are searched by: one to four letters that follow one another in a name,
// where the beginning and the end of the name count as letters, a facet, a role, or whether somebody is enabled or
// verified. Who is asked for has all marks of the query. Unlike tokens, marks lead to ranges and not to users, so
// that there may be marks for what many have.
type mark uint64

// mostLetters is how many letters of a name one mark has.
const mostLetters = 4

// fnvOffset and fnvPrime are of FNV-1a with 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func (m mark) with(letter rune) mark {
	var letters [utf8.UTFMax]byte
	for _, b := range utf8.AppendRune(letters[:0], letter) {
		m = (m ^ mark(b)) * fnvPrime
	}
	return m
}

func markOf(letters []rune) mark {
	m := mark(fnvOffset)
	for _, l := range letters {
		m = m.with(l)
	}
	return m
}

// markOfFacet begins with what no letter begins with.
func markOfFacet(f facet) mark { return mark(binary.LittleEndian.Uint64(f[:])) }

func markOfRole(key string) mark { return markOfFacet(newFacet("role", key)) }

// Marks of what is yes or no.
var (
	markEnabled    = markOfFacet(newFacet("enabled"))
	markDisabled   = markOfFacet(newFacet("disabled"))
	markVerified   = markOfFacet(newFacet("verified"))
	markUnverified = markOfFacet(newFacet("unverified"))
)

func either(yes bool, a, b mark) mark {
	if yes {
		return a
	}
	return b
}

// marksOfName are those of a name, some more than once.
func marksOfName(name string) iter.Seq[mark] {
	return func(yield func(mark) bool) {
		letters := []rune(string(opening) + name + string(closing))
		for i := range letters {
			m := mark(fnvOffset)
			for _, l := range letters[i:min(i+mostLetters, len(letters))] {
				if m = m.with(l); !yield(m) {
					return
				}
			}
		}
	}
}

// marksFor are marks that everybody has who is asked for.
func marksFor(q *user.Query) []mark {
	var out []mark
	for letters := range lettersOf(q.Patterns()) {
		size := min(len(letters), mostLetters)
		for i := 0; i+size <= len(letters); i++ {
			out = append(out, markOf(letters[i:i+size]))
		}
	}
	if q.Enabled != nil {
		out = append(out, either(*q.Enabled, markEnabled, markDisabled))
	}
	if q.EmailVerified != nil {
		out = append(out, either(*q.EmailVerified, markVerified, markUnverified))
	}
	return append(out, linkMarks(q)...)
}

// linkMarks are those of attributes, links and the role that are asked for.
func linkMarks(q *user.Query) []mark {
	var out []mark
	for name, value := range q.Attributes {
		out = append(out, markOfFacet(attributeFacet(name, value)))
	}
	if q.Provider != "" || q.ProviderUser != "" {
		out = append(out, markOfFacet(linkFacet(q.Provider, q.ProviderUser)))
	}
	if q.Role != "" {
		out = append(out, markOfRole(q.Role))
	}
	return out
}

// marks are a Bloom filter: what it does not have nobody has, and of what nobody has it claims one in a hundred.
type marks []byte

// Ten bits for each mark, of which each sets seven, are the best for one in a hundred.
const (
	bitsPerMark = 10
	bitsSet     = 7
)

func newMarks(of map[mark]struct{}) marks {
	out := make(marks, len(of)*bitsPerMark/8+1)
	for m := range maps.Keys(of) {
		for bit := range out.bits(m) {
			out[bit/8] |= 1 << (bit % 8)
		}
	}
	return out
}

// bits are the places of a mark, by double hashing.
func (s marks) bits(m mark) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		// Marks of short texts differ in their low bits most: this spreads them (splitmix64).
		h := uint64(m)
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
		size, step := uint64(len(s))*8, h>>32|1
		for i := range uint64(bitsSet) {
			if !yield((h&0xffffffff + i*step) % size) {
				return
			}
		}
	}
}

func (s marks) has(m mark) bool {
	for bit := range s.bits(m) {
		if s[bit/8]&(1<<(bit%8)) == 0 {
			return false
		}
	}
	return true
}

// hasAll tells whether some user may have all of these.
func (s marks) hasAll(of []mark) bool {
	for _, m := range of {
		if !s.has(m) {
			return false
		}
	}
	return true
}
