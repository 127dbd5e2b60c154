package tokenhouse_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNoTestIsLeftOut: `make test` takes some tests out of the run with the race detector and runs them without it. Each of them is in a package
// that this second run names, and each fuzz test that `make fuzz-short` names is there: of one that is not, go test says nothing.
func TestNoTestIsLeftOut(t *testing.T) {
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	makefile := strings.ReplaceAll(string(text), "\\\n", " ")
	played := regexp.MustCompile(`(?m)^PLAYED = (\S+)$`).FindStringSubmatch(makefile)
	second := regexp.MustCompile(`(?m) -run '\$\(PLAYED\)' (.+)$`).FindStringSubmatch(makefile)
	strangers := regexp.MustCompile(`(?m)^STRANGERS = (.+)$`).FindStringSubmatch(makefile)
	if played == nil || second == nil || strangers == nil {
		t.Fatal("the Makefile is written in another way")
	}
	out, fuzzed := regexp.MustCompile(strings.ReplaceAll(played[1], "$$", "$")), map[string]bool{}
	for _, each := range strings.Fields(strangers[1]) {
		fuzzed[each] = false
	}
	seen := 0
	for _, at := range tests(t) {
		where, function, _ := strings.Cut(at, "=")
		if out.MatchString(function) {
			seen++
			if !named(strings.Fields(second[1]), where) {
				t.Errorf("%s of %s is never run", function, where)
			}
		}
		if _, ok := fuzzed[at]; ok {
			fuzzed[at] = true
		}
	}
	if seen < 5 {
		t.Errorf("%d tests are run without the race detector: the test shows nothing", seen)
	}
	for at, there := range fuzzed {
		if !there {
			t.Errorf("there is no %s to fuzz", at)
		}
	}
}

// TestCalmPackagesBeginNothing: the packages that `make test` runs without the race detector begin no goroutine, in
// their tests neither.
func TestCalmPackagesBeginNothing(t *testing.T) {
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	calm := regexp.MustCompile(`(?m)^CALM = (.+)$`).FindStringSubmatch(string(text))
	if calm == nil {
		t.Fatal("the Makefile is written in another way")
	}
	begins := regexp.MustCompile(`(?m)^.*(\bgo func\b|^\s*go \w[\w.]*\(|\.Go\(|\bt\.Parallel\(|\bhttptest\.New).*$`)
	seen := 0
	for _, pattern := range strings.Fields(calm[1]) {
		err := filepath.WalkDir(strings.TrimSuffix(pattern, "/..."), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			seen++
			text, err := os.ReadFile(path)
			if line := begins.Find(text); line != nil {
				t.Errorf("%s begins a goroutine, or has another begin one: %s", path, line)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 100 {
		t.Errorf("%d files were read: the test shows nothing", seen)
	}
}

// tests are all tests and fuzz tests, each by its package and name as fuzz-short writes them.
func tests(t *testing.T) (all []string) {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			all = append(all, "./"+filepath.ToSlash(filepath.Dir(path))+"="+m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// named tells whether patterns of packages name one.
func named(patterns []string, at string) bool {
	for _, pattern := range patterns {
		above, all := strings.CutSuffix(pattern, "/...")
		if pattern == at || all && (above == at || strings.HasPrefix(at, above+"/")) {
			return true
		}
	}
	return false
}
