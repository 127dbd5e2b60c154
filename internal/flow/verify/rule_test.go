package verify

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names are the names of rules, each once, sorted.
func names(rules []rule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, r.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Ten of the flaws in attacks.md were a rule that one use of tokens had and another lacked (T07): here
// every use that grants anything has them all.
func TestEveryUseHasEveryRule(t *testing.T) {
	want := names(accessRules)
	if diff := cmp.Diff(want, names(anyRules)); diff != "" {
		t.Errorf("AnyToken differs from AccessToken:\n%s", diff)
	}
	if diff := cmp.Diff(want, names(idRules)); diff != "" {
		t.Errorf("IDToken differs from AccessToken:\n%s", diff)
	}
	refresh := slices.DeleteFunc(names(refreshRules), func(name string) bool { return name == "presented" })
	if diff := cmp.Diff(want, refresh); diff != "" {
		t.Errorf("RefreshToken differs from AccessToken:\n%s", diff)
	}
	for use, rules := range map[string][]rule{"RefreshToken": refreshRules, "Issued": issuedRules, "SignedOut": signOutRules} {
		if !slices.Contains(names(rules), "presented") || !slices.Contains(names(rules), "issuer") || !slices.Contains(names(rules), "kind") {
			t.Errorf("%s does not ask who presents the token, where it is from, or what it is", use)
		}
	}
}
