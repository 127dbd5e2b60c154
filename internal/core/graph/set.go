package graph

import (
	"iter"
	"math/bits"
)

// set is a set of nodes by their numbers. The zero value is empty.
type set []uint64

func (s *set) add(i int) {
	for len(*s) <= i/64 {
		*s = append(*s, 0)
	}
	(*s)[i/64] |= 1 << (i % 64)
}

func (s set) has(i int) bool { return i/64 < len(s) && s[i/64]&(1<<(i%64)) != 0 }

// all are the members, ascending.
func (s set) all() iter.Seq[int] { return s.without(nil) }

// without are the members that other lacks, ascending. Members of other that come while they are listed count from
// the next word on.
func (s set) without(other set) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at, word := range s {
			if at < len(other) {
				word &^= other[at]
			}
			for ; word != 0; word &= word - 1 {
				if !yield(at*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
