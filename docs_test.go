package tokenhouse_test

import (
	"encoding/json"
	"os"
	"regexp"
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
