// Package spelling tells how alike names are, to suggest one in the place of a name that is none.
package spelling

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
