package server_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// attack is a row of the table of attacks: what went wrong in some product of the field, as what must hold here.
type attack struct {
	id   string // "T01" to "T36"
	must string

	// play tries the row's cells in a pit, and says of each what became of it. Nil where other tests are all there is.
	play func(t *cells, p *pit)
	axes string // what the cells are made of: each of the one with each of the other
	// tests are others that play the row too, by name as `go test -run` has it, with blanks.
	tests []string
	// leaves out are cells that cannot be, and why.
	leavesOut map[string]string
}

// cells counts the cells of a row and holds them against its rule.
type cells struct {
	*testing.T
	granted, refused int
}

// apart is cell where the databases differ in what can be played: it is not counted.
func (y *cells) apart(got, want bool, name ...string) {
	y.Helper()
	if got != want {
		y.Errorf("%s: granted %v, want %v", strings.Join(name, ", "), got, want)
	}
}

// cell is one combination of a row's axes: whether it was granted, and whether it ought to be.
func (y *cells) cell(got, want bool, name ...string) {
	y.Helper()
	if want {
		y.granted++
	} else {
		y.refused++
	}
	if got != want {
		y.Errorf("%s: granted %v, want %v", strings.Join(name, ", "), got, want)
	}
}

// attackMatrix plays each row on each database, on both at once, and describes it in docs/security.md. Rows share a server.
func attackMatrix(t *testing.T) {
	names := []string{"pit", "rival"}
	for i := range falls {
		names = append(names, fmt.Sprintf("pit-%d", i))
	}
	pits := map[string][]*pit{}
	for _, db := range databases {
		pits[db.name] = newPits(t, db, names...)
	}
	counts := map[string]string{}
	var lock sync.Mutex // of counts
	for _, a := range attacks {
		if a.play == nil {
			continue
		}
		t.Run(a.id, func(t *testing.T) {
			for _, db := range databases {
				t.Run(db.name, func(t *testing.T) {
					t.Parallel()
					y := &cells{T: t}
					p := pits[db.name][0].in(t)
					p.others = pits[db.name][1:]
					a.play(y, p)
					if y.granted == 0 || y.refused == 0 {
						t.Errorf("%d cells are granted and %d refused: a row without the other proves nothing", y.granted, y.refused)
					}
					count := fmt.Sprintf("%d refused, %d granted", y.refused, y.granted)
					lock.Lock()
					defer lock.Unlock()
					if was, ok := counts[a.id]; ok && was != count {
						t.Errorf("%s, and on the other database %s", count, was)
					}
					counts[a.id] = count
				})
			}
		})
	}
	describeAttacks(t, counts)
}

const (
	tableBegins = "<!-- attacks: begins; written by go test ./internal/server -run '^TestAttack$' -update -->\n"
	tableEnds   = "<!-- attacks: ends -->\n"
)

// describeAttacks asks that docs/security.md has the table of attacks as it is, or writes it there.
func describeAttacks(t *testing.T, counts map[string]string) {
	if len(counts) < len(slices.DeleteFunc(slices.Clone(attacks), func(a attack) bool { return a.play == nil })) {
		return // a part of the rows was asked for
	}
	const path = "../../docs/security.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s does not say where the table of attacks begins and ends", path)
	}
	want := before + tableBegins + attackTable(counts) + tableEnds + after
	if want == string(text) {
		return
	}
	if flag.Lookup("update").Value.String() != "true" { // package server has it
		t.Errorf("%s has another table of attacks: go test ./internal/server -run '^TestAttack$' -update", path)
		return
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// attackTable is the table in Markdown.
func attackTable(counts map[string]string) string {
	var b strings.Builder
	b.WriteString("\n| | what must hold | cells of `TestAttack/T…`, on each database | also |\n|---|---|---|---|\n")
	for _, a := range attacks {
		cells := "–"
		if a.play != nil {
			cells = a.axes + ": " + counts[a.id]
		}
		var also []string
		for _, name := range a.tests {
			also = append(also, "`"+name+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", a.id, a.must, cells, strings.Join(also, ", "))
	}
	b.WriteString("\nCells that cannot be:\n\n| | cell | why |\n|---|---|---|\n")
	for _, a := range attacks {
		for _, cell := range slices.Sorted(maps.Keys(a.leavesOut)) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", a.id, cell, a.leavesOut[cell])
		}
	}
	b.WriteString("\n")
	return b.String()
}

// TestAttackNames: there is a row for each number, it is played somewhere, and the tests that it names are there.
func TestAttackNames(t *testing.T) {
	sources := testSources(t)
	for i, a := range attacks {
		if want := fmt.Sprintf("T%02d", i+1); a.id != want {
			t.Fatalf("row %d is %s, want %s", i, a.id, want)
		}
		if a.play == nil && len(a.tests) == 0 && len(a.leavesOut) == 0 {
			t.Errorf("%s is played nowhere, for no reason", a.id)
		}
		for _, name := range a.tests {
			dir, path := "internal/server", name
			if d, rest, ok := strings.Cut(name, ": "); ok {
				dir, path = d, rest
			}
			parts := strings.Split(path, "/")
			if !regexp.MustCompile(`(?m)^func ` + parts[0] + `\(`).MatchString(sources[dir]) {
				t.Errorf("%s names %s: there is no %s in %s", a.id, name, parts[0], dir)
			}
			for _, part := range parts[1:] {
				if !strings.Contains(sources[dir], `"`+part+`"`) {
					t.Errorf("%s names %s: nothing in %s is called %q", a.id, name, dir, part)
				}
			}
		}
	}
}

// testSources are the tests of each package, by its folder.
func testSources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "attack_rows_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		out["internal/"+filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "../"))] += string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
