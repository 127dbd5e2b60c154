package tokenhouse_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// firstCells are the names in backquotes that begin the rows of a page's tables, with their rows.
func firstCells(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*$").FindAllStringSubmatch(string(text), -1) {
		rows[m[1]] = m[0]
	}
	return rows
}

// guides are the pages of docs and of the examples.
func guides(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("examples/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, examples...)
}

func TestEachRuleIsDocumented(t *testing.T) {
	rows := firstCells(t, "docs/rules.md")
	for _, rule := range explain.Rules() {
		row, ok := rows[string(rule)]
		if !ok {
			t.Errorf("docs/rules.md lacks rule %s", rule)
		}
		if !strings.Contains(row, "| "+rule.Meaning()+" |") {
			t.Errorf("docs/rules.md says of %s something else than %q", rule, rule.Meaning())
		}
		delete(rows, string(rule))
	}
	for name := range rows {
		t.Errorf("docs/rules.md describes %s, which is no rule", name)
	}
}

// TestEachAcceptedDifferenceHasItsReason: an answer may differ from the recorded one only where the page of
// divergences says why.
func TestEachAcceptedDifferenceHasItsReason(t *testing.T) {
	divergences := firstCells(t, "docs/keycloak-divergences.md")
	text, err := os.ReadFile("internal/server/testdata/golden/accepted.json")
	if err != nil {
		t.Fatal(err)
	}
	var accepted []struct{ Scenario, Step, Path, Why string }
	if err := json.Unmarshal(text, &accepted); err != nil {
		t.Fatal(err)
	}
	for _, a := range accepted {
		name, reason, _ := strings.Cut(a.Why, ": ")
		if divergences[name] == "" || reason == "" {
			t.Errorf("%s / %s / %s: %q names no divergence and what it means here", a.Scenario, a.Step, a.Path, a.Why)
		}
		if a.Scenario == "" || a.Step == "" || a.Path == "" {
			t.Errorf("accepted difference %+v covers too much", a)
		}
	}
}

// TestLinksLeadSomewhere follows the links of each page to other files of the project.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := guides(t)
	decisions, err := filepath.Glob("docs/decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#]+)(?:#[^)]*)?\)`)
	for _, page := range append(append(pages, decisions...), "README.md", "CHANGELOG.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s leads nowhere: %s", page, m[1])
			}
		}
	}
}

// TestDependenciesHaveAReason looks for the module of each import in the list of decisions.
func TestDependenciesHaveAReason(t *testing.T) {
	text, err := os.ReadFile("docs/decisions/0005-dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("`([a-z0-9.-]+\\.[a-z]+/[^`]+)`").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1])
	}
	for _, p := range packages(t) {
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			domain, _, _ := strings.Cut(i, "/")
			if !strings.Contains(domain, ".") || strings.HasPrefix(i, module) {
				continue
			}
			if !slices.ContainsFunc(listed, func(m string) bool { return i == m || strings.HasPrefix(i, m+"/") }) {
				t.Errorf("%s imports %s, which docs/decisions/0005-dependencies.md does not list", p.ImportPath, i)
			}
		}
	}
}

// TestFilesInPagesExist follows the paths that pages name in backquotes.
func TestFilesInPagesExist(t *testing.T) {
	pages := guides(t)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`((?:internal|examples|deploy)/[a-z0-9/._-]+)`").FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}

// TestSnippetsAreFromExamples: code in the guides of the public packages is code that compiles, and runs where it has an output.
func TestSnippetsAreFromExamples(t *testing.T) {
	for page, sources := range map[string][]string{
		"docs/protect-a-service.md": {"bearer/example_test.go", "bearer/bearertest/example_test.go"},
		"docs/call-a-service.md":    {"brokerclient/example_test.go"},
	} {
		var code string
		for _, source := range sources {
			text, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			code += flush(string(text)) + "\n"
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		snippets := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
		if len(snippets) < 2 {
			t.Errorf("%s has %d snippets", page, len(snippets))
		}
		for _, m := range snippets {
			if snippet := flush(m[1]); !strings.Contains(code, snippet) {
				t.Errorf("%s shows what is not in %v:\n%s", page, sources, snippet)
			}
		}
	}
}

// flush is code without its indentation, which differs where it stands elsewhere.
func flush(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// TestBlocksOfDocsSayWhatTheyAre: commands are in blocks of sh and console, which the tests of internal/cli run, and in no
// others.
func TestBlocksOfDocsSayWhatTheyAre(t *testing.T) {
	languages := []string{"sh", "console", "go", "http", "js", "json", "text", "yaml"}
	fences := regexp.MustCompile("(?ms)^([ \t>]*)```([a-z]*)\n(.*?)^[ \t>]*```$")
	commands := regexp.MustCompile(`(?m)^(\$ |(\./)?tokenhouse |curl |kubectl |docker |openssl )`)
	pages := guides(t)
	for _, page := range append(pages, "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fences.FindAllStringSubmatch(string(text), -1) {
			indent, language, block := m[1], m[2], m[3]
			first, _, _ := strings.Cut(block, "\n")
			switch {
			case indent != "":
				t.Errorf("%s: the block %q is indented, and nobody would run it", page, first)
			case !slices.Contains(languages, language):
				t.Errorf("%s: the block %q is of language %q; there are %s", page, first, language, strings.Join(languages, ", "))
			case language != "sh" && language != "console" && commands.MatchString(block):
				t.Errorf("%s: the block %q has commands; those are in sh, or with what they print in console", page, first)
			case language == "console" && !strings.HasPrefix(block, "$ "):
				t.Errorf("%s: the block %q begins with what is printed, and not with \"$ \" and a command", page, first)
			}
		}
	}
}
