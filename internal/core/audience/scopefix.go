package audience

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// ScopeFixes are the changes after which a client may ask for each word of a scope parameter.
func ScopeFixes(r *realm.Realm, c *realm.Client, parameter string) []explain.Fix {
	var commands, unknown []string
	for word := range strings.SplitSeq(parameter, " ") {
		if _, ok := r.ScopesOf(c, word); ok {
			continue
		}
		scope := r.Scope(word)
		if scope == nil {
			unknown = append(unknown, fmt.Sprintf("%q", word))
			continue
		}
		commands = append(commands, explain.Command("update", "clients/"+c.Key+"/optional-client-scopes/"+scope.Key, r.Name))
	}
	if len(unknown) > 0 {
		return []explain.Fix{{Sentence: "leave out of scope what is no client scope of the realm: " + strings.Join(unknown, ", ")}}
	}
	slices.Sort(commands)
	return []explain.Fix{{Sentence: "make the scopes optional scopes of " + c.ID, Command: explain.All(slices.Compact(commands)...)}}
}
