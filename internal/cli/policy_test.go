package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenhouse/tokenhouse/internal/core/graph"
)

func TestReadPolicy(t *testing.T) {
	got, err := readPolicy("p.yaml", []byte("# ours\nforbid:\n- from: '*'\n  to: [a, b]\n  except: c\n  because: it is so\n- {from: [x], to: \"*\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []policyRule{
		{graph.Ban{From: []string{"*"}, To: []string{"a", "b"}, Except: []string{"c"}}, "it is so", 3},
		{graph.Ban{From: []string{"x"}, To: []string{"*"}}, "", 7},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(policyRule{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// TestPoliciesAreReadStrictly: what would forbid less than was meant is a mistake, with its line.
func TestPoliciesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                "p.yaml: forbids nothing",
		"# nothing":                                       "p.yaml: forbids nothing",
		"forbid:":                                         "p.yaml:1: forbid has to be a list of rules",
		"forbid: []":                                      "p.yaml:1: forbid has to be a list of rules",
		"allow:\n- {from: a, to: b}":                      `p.yaml:1: unknown member "allow"`,
		"- {from: a, to: b}":                              "p.yaml:1: want members [forbid]",
		"forbid:\n- a":                                    "p.yaml:2: want members [from to except because]",
		"forbid:\n- {from: a}":                            "p.yaml:2: a rule needs to",
		"forbid:\n- to: a":                                "p.yaml:2: a rule needs from",
		"forbid:\n- from: a\n  to: b\n  too: c":           `p.yaml:4: unknown member "too"`,
		"forbid:\n- from: a\n  to: b\n  to: c":            "p.yaml:4: to is there twice",
		"forbid:\n- from: a\n  to:":                       `p.yaml:3: to has to be a name`,
		"forbid:\n- from: a\n  to: []":                    "p.yaml:3: to names nobody",
		"forbid:\n- from: a\n  to: [b, [c]]":              "p.yaml:3: to has to be a name",
		"forbid:\n- from: a\n  to: {b: c}":                "p.yaml:3: to has to be a name",
		"forbid:\n- from: &x a\n  to: *x":                 "p.yaml:3: to has to be a name",
		"forbid:\n- {from: a, to: b, except: ['*']}":      `p.yaml:2: except "*" would forbid nothing`,
		"forbid:\n- {from: a, to: b, because: [c]}":       "p.yaml:2: because has to be a text",
		"forbid:\n- {from: a, to: b}\n---\nforbid: []":    "p.yaml:3: a policy is one document",
		"forbid:\n- {from: a\n":                           "p.yaml: yaml: line",
		"forbid:\n- {from: a, to: b}\nforbid:\n- {to: c}": "p.yaml:3: forbid is there twice",
	} {
		rules, err := readPolicy("p.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, error %v; want %s", text, rules, err, want)
		}
	}
}
