package resource

import "testing"

// TestRolesAreSpelledApart: no role is spelled as another one is.
func TestRolesAreSpelledApart(t *testing.T) {
	seen := map[string][2]string{}
	for _, role := range [][2]string{{"", "a"}, {"", "a:b"}, {"a", "b"}, {"a", "b:c"}, {"a:b", "c"}, {"", "a:b:c"}, {"", `a\:b`}, {`a\`, "b"}, {"", `a\`}, {"https://api.example", "read"}} {
		text := Role(role[0], role[1])
		if other, twice := seen[text]; twice {
			t.Errorf("%q and %q are both %s", role, other, text)
		}
		seen[text] = role
		if !isRole(text) {
			t.Errorf("%q is spelled %s, which is no role", role, text)
		}
	}
	for _, text := range []string{"", ":", "a:", ":a", "a:b:c", `a\`, `a\b`, `a:b\`} {
		if isRole(text) {
			t.Errorf("%q is taken for a role", text)
		}
	}
}
