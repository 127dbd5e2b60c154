package store

import (
	"encoding/binary"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// texts are some texts one after the other, in which all are searched at once.
type texts struct {
	all  string
	ends string // where each ends, four bytes
}

func (t texts) len() int { return len(t.ends) / 4 }

func (t texts) end(i int) int { return int(four(t.ends, i)) }

func (t texts) at(i int) string {
	begin := 0
	if i > 0 {
		begin = t.end(i - 1)
	}
	return t.all[begin:t.end(i)]
}

// whole tells whether the texts are in order, so that nothing else need look.
func (t texts) whole() bool {
	if len(t.ends)%4 != 0 {
		return false
	}
	last := 0
	for i := range t.len() {
		if t.end(i) < last {
			return false
		}
		last = t.end(i)
	}
	return last == len(t.all)
}

// like are the numbers of the texts that look like this.
func (t texts) like(p *user.Pattern) bitset {
	out := newBitset(t.len())
	if p.Start || len(p.Parts) == 0 {
		for i := range t.len() {
			if p.In(t.at(i)) {
				out.add(i)
			}
		}
		return out
	}
	first := p.Parts[0]
	for i := range len(first) {
		if strings.IndexByte(t.all, first[i]) < 0 { // the fastest that there is
			return out
		}
	}
	for i, at := 0, 0; ; {
		found := strings.Index(t.all[at:], first)
		if found < 0 {
			return out
		}
		at += found
		for t.end(i) <= at {
			i++
		}
		if at+len(first) > t.end(i) { // it ends in another text than it begins in
			at++
			continue
		}
		if len(p.Parts) == 1 || p.In(t.at(i)) {
			out.add(i)
		}
		at = t.end(i)
	}
}

// column is a text of each user of a range, where many may have the same.
type column struct {
	texts
	of string // which of the texts each user has, two bytes
}

func (c *column) number(i int) int { return int(two(c.of, i)) }

func (c *column) whole(users int) bool {
	if len(c.of) != 2*users || !c.texts.whole() {
		return false
	}
	for i := range users {
		if c.number(i) >= c.len() {
			return false
		}
	}
	return true
}

// like are the users whose text looks like this.
func (c *column) like(p *user.Pattern) bitset {
	texts, users := c.texts.like(p), len(c.of)/2
	out := newBitset(users)
	if texts.len() == 0 {
		return out
	}
	for i := range users {
		if texts.has(c.number(i)) {
			out.add(i)
		}
	}
	return out
}

// columnWriter makes texts, or a column.
type columnWriter struct {
	all, ends, of []byte
	numbers       map[string]uint16
}

// add adds a text.
func (w *columnWriter) add(text string) {
	w.all = append(w.all, text...)
	w.ends = binary.LittleEndian.AppendUint32(w.ends, uint32(len(w.all)))
}

// put adds the text of a user, which others may have too.
func (w *columnWriter) put(text string) {
	number, ok := w.numbers[text]
	if !ok {
		if w.numbers == nil {
			w.numbers = map[string]uint16{}
		}
		number = uint16(len(w.numbers))
		w.numbers[text] = number
		w.add(text)
	}
	w.of = binary.LittleEndian.AppendUint16(w.of, number)
}

// The i-th of numbers of two, four or eight bytes each, the lowest byte first.
func two(s string, i int) uint16 {
	s = s[2*i : 2*i+2]
	return uint16(s[0]) | uint16(s[1])<<8
}

func four(s string, i int) uint32 {
	s = s[4*i : 4*i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func eight(s string, i int) uint64 {
	return uint64(four(s, 2*i)) | uint64(four(s, 2*i+1))<<32
}
