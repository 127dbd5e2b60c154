package admin

import (
	"slices"
	"strings"
	"testing"
)

// FuzzArguments: whatever the words of a command line are, arguments and values of options are among them, or part of one,
// and no command has more arguments than it takes. Words are set apart by line breaks.
func FuzzArguments(f *testing.F) {
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, "\n")
		c, err := (&Program{}).parse(words)
		if c == nil || c.command == nil {
			t.Fatalf("%q: no call, %v", words, err)
		}
		if most := c.command.arguments; err == nil && most >= 0 && len(c.arguments) > most {
			t.Errorf("%q: %q takes the arguments %q", words, c.command.name, c.arguments)
		}
		if i := slices.IndexFunc(c.arguments, func(a string) bool { return !slices.Contains(words, a) }); i >= 0 {
			t.Errorf("%q: argument %q", words, c.arguments[i])
		}
		for name, values := range c.values {
			for _, value := range values {
				if !slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, value) }) {
					t.Errorf("%q: option %s is %q", words, name, value)
				}
			}
		}
	})
}
