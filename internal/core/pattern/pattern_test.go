package pattern_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
)

func TestMatches(t *testing.T) {
	tests := []struct {
		java    string
		matches []string
		not     []string
	}{
		{`^[A-Z][0-9]+$`, []string{"A1", "Z99"}, []string{"", "a1", "A1x", "xA1", "A1\n"}},
		{`[a-z]+`, []string{"abc"}, []string{"abc1", "1abc"}},
		{`a|bc`, []string{"a", "bc"}, []string{"ac", "abc"}},
		{`(?=.*\d)(?=.*[a-z])(?!.*\s).{4,}`, []string{"abc1", "1zzz"}, []string{"abcd", "1234", "ab1", "ab 12"}},
		{`^(?=.*[)(])(?=[a-z]).*$`, []string{"a(", "b)"}, []string{"a", "("}},
		{`(?i)secret`, []string{"SECRET"}, []string{"secrets"}},
		{`\p{Upper}\p{Alpha}*`, []string{"Ann"}, []string{"ann", "Ä"}},
		{`[\p{IsLatin}\d]+`, []string{"Ärger1"}, []string{"Ж"}},
		{`\h+\v`, []string{" \n", "\u00a0\u2028"}, []string{" x"}},
		{`\u0041+`, []string{"AA"}, []string{"B"}},
		{`a\++`, []string{"a+", "a++"}, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.java, func(t *testing.T) {
			p, err := pattern.Compile(tt.java)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range tt.matches {
				if !p.Matches(text) {
					t.Errorf("%q does not match", text)
				}
			}
			for _, text := range tt.not {
				if p.Matches(text) {
					t.Errorf("%q matches", text)
				}
			}
		})
	}
}

// What cannot be read is refused: read as something else, it would let pass what it is there to stop.
func TestCompileRefuses(t *testing.T) {
	for _, java := range []string{`[a-z&&[^aeiou]]`, `(a)\1`, `a++`, `a*+`, `(?>a)`, `a(?=b)`, `(?=a)b|c`, `[\P{Alpha}]`, `(?<=a)b`, `(`, `\`, `\p{Alpha`, `\Qa.b\E`} {
		if _, err := pattern.Compile(java); err == nil {
			t.Errorf("%s is accepted", java)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`^(?=.*[)(])(?=[a-z]).*\p{Upper}$`, "aA(")
	f.Fuzz(func(t *testing.T, java, text string) {
		p, err := pattern.Compile(java)
		if err == nil {
			p.Matches(text)
		}
	})
}
