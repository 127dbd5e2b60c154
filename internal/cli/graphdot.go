package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// printDOT prints a whole graph in the language of Graphviz: hops without an exchange are dashed, clients that tokens come
// to without one have a double line, and custom audiences are boxes.
func printDOT(w io.Writer, a rehearse.GraphAnswer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "digraph %s {\n  rankdir=LR;\n", quoted(a.Realm))
	named := map[string]bool{}
	for _, c := range a.All.Clients {
		for _, to := range append(append([]string{}, c.Tokens...), c.Exchanges...) {
			named[to], named[c.Client] = true, true
		}
	}
	for _, c := range a.All.Clients {
		switch {
		case !named[c.Client]:
		case c.Entry:
			fmt.Fprintf(out, "  %s [peripheries=2];\n", quoted(c.Client))
		default:
			fmt.Fprintf(out, "  %s;\n", quoted(c.Client))
		}
	}
	for _, name := range a.All.Customs {
		if named[name] {
			fmt.Fprintf(out, "  %s [shape=box];\n", quoted(name))
		}
	}
	for _, c := range a.All.Clients {
		for _, to := range c.Tokens {
			fmt.Fprintf(out, "  %s -> %s [style=dashed];\n", quoted(c.Client), quoted(to))
		}
		for _, to := range c.Exchanges {
			fmt.Fprintf(out, "  %s -> %s;\n", quoted(c.Client), quoted(to))
		}
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
}

// quoted is a name in the language of Graphviz.
func quoted(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(name) + `"`
}
