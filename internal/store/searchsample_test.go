package store_test

import (
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store"
)

// TestRarest chooses what few have together, where each by itself is common.
func TestRarest(t *testing.T) {
	const mary, ary, lopez, opez, red = 1, 2, 3, 4, 5
	users := [][]uint32{{mary, ary, red}, {mary, ary, lopez, opez}, {mary, ary, red}, {lopez, opez, red}, {lopez, opez}, {lopez, red}, {red}}
	for _, c := range []struct {
		name   string
		tokens []uint32
		first  []uint32
		left   int
	}{
		{"one", []uint32{red}, []uint32{red}, 5},
		{"both words rather than the rarest letters of one", []uint32{mary, ary, lopez, opez}, []uint32{mary, opez}, 1},
		{"of which nobody knows", []uint32{red, 99}, []uint32{99}, 0},
		{"nothing", nil, nil, len(users)},
	} {
		t.Run(c.name, func(t *testing.T) {
			chosen, left := store.Rarest(users, c.tokens...)
			if left != c.left || !slices.Equal(chosen[:len(c.first)], c.first) {
				t.Errorf("%v of which %d are left, want %v first and %d", chosen, left, c.first, c.left)
			}
		})
	}
}
