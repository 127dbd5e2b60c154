package store

import "math/bits"

// bitset is a set of small numbers.
type bitset []uint64

// newBitset has room for numbers below n.
func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bitset) len() (n int) {
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// hasAll tells whether it has what another set of the same size has.
func (b bitset) hasAll(o bitset) bool {
	for i := range b {
		if o[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

// keep removes what another set of the same size has not.
func (b bitset) keep(o bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}

// join adds what another set of the same size has.
func (b bitset) join(o bitset) {
	for i := range b {
		b[i] |= o[i]
	}
}
