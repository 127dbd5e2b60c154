// Package spelling tells how alike names are, to suggest one in the place of a name that is none.
package spelling

// Nearest is the first of the names that take the fewest changes to be made of name, fewer than below; empty where none does.
func Nearest(name string, names []string, below int) string {
	best := ""
	for _, n := range names {
		if d := Distance(name, n); d < below {
			best, below = n, d
		}
	}
	return best
}

// Distance is how many letters must be added, dropped or changed to make b of a (Levenshtein). It counts bytes: names of
// options have no others.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, change)
		}
	}
	return row[len(b)]
}
