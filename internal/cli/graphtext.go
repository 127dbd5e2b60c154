package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

func printGraph(w io.Writer, a rehearse.GraphAnswer) error {
	switch {
	case a.Opens != nil:
		return printOpening(w, a.Opens)
	case a.Paths != nil:
		return printReach(w, a.Paths)
	}
	return printWhole(w, a)
}

// printWhole prints each client that has an edge, and what stands out.
func printWhole(w io.Writer, a rehearse.GraphAnswer) error {
	limit, cycles := "any number of exchanges", "tokens may come back to a client"
	if a.ChainLimit >= 0 {
		limit = "at most " + count(a.ChainLimit, "exchange")
	}
	if a.RefuseCycles {
		cycles = "tokens do not come back to a client"
	}
	fmt.Fprintf(w, "realm %s: %s in a row; %s\n\n", a.Realm, limit, cycles)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "CLIENT\t⇒ ITS TOKENS NAME\t→ IT EXCHANGES TO\n")
	for _, c := range a.All.Clients {
		if len(c.Tokens)+len(c.Exchanges) > 0 {
			fmt.Fprintf(table, "%s\t%s\t%s\n", c.Client, few(c.Tokens), few(c.Exchanges))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, c := range a.All.Cycles {
		fmt.Fprintf(w, "round and round: %s; as %s\n", few(c.Clients), strings.Join(c.Example, " → "))
	}
	if len(a.All.Cycles) == 0 {
		fmt.Fprintln(w, "no exchanges go round and round")
	}
	fmt.Fprintf(w, "every client reaches: %s\n", few(a.All.Common))
	return nil
}

// few are the first names of a list, and how many more there are.
func few(names []string) string {
	if more := len(names) - mostNames; more > 0 {
		return strings.Join(names[:mostNames], " ") + " and " + strconv.Itoa(more) + " more"
	}
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, " ")
}

// printReach prints paths, and then why each hop of them is possible.
func printReach(w io.Writer, r *rehearse.GraphPaths) error {
	switch {
	case len(r.Paths) == 0 && r.To == "":
		fmt.Fprintf(w, "%s reaches nobody\n", r.From)
		return nil
	case len(r.Paths) == 0 && r.From == "":
		fmt.Fprintf(w, "nobody reaches %s\n", r.To)
		return nil
	case len(r.Paths) == 0:
		fmt.Fprintf(w, "%s does not reach %s\n", r.From, r.To)
		return nil
	}
	printPaths(w, r.Paths)
	if r.More {
		fmt.Fprintln(w, "and there are more")
	}
	fmt.Fprintln(w)
	return printHops(w, r.Paths)
}

func printPaths(w io.Writer, paths []rehearse.GraphPath) {
	for _, p := range paths {
		fmt.Fprintln(w, pathText(p))
	}
}

// pathText is a path in one line.
func pathText(p rehearse.GraphPath) string {
	text := p.From
	for _, h := range p.Hops {
		text += arrow(h) + h.To
	}
	if p.Before > 0 {
		text += fmt.Sprintf("  (its tokens come by %s)", count(p.Before, "exchange"))
	}
	return text
}

func arrow(h rehearse.GraphHop) string {
	if h.Exchange {
		return " → "
	}
	return " ⇒ "
}

// printHops prints the ways of each hop once.
func printHops(w io.Writer, paths []rehearse.GraphPath) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	seen := map[string]bool{}
	for _, p := range paths {
		for _, h := range p.Hops {
			if title := h.From + arrow(h) + h.To; !seen[title] {
				seen[title] = true
				printWays(table, title, h.Ways)
			}
		}
	}
	return table.Flush()
}

func printWays(w io.Writer, title string, ways []rehearse.GraphWay) {
	for _, way := range ways {
		fmt.Fprintf(w, "%s\t%s\t%s%s\n", title, way.Rule, way.Because, needs(way))
		title = ""
	}
}

// needs is what a way takes beside configuration.
func needs(way rehearse.GraphWay) string {
	text := ""
	if len(way.Scope) > 0 {
		text += "; scope=" + strings.Join(way.Scope, " ")
	}
	if len(way.Roles) > 0 && way.Rule != explain.AudienceRole { // which says so itself
		text += "; role " + strings.Join(way.Roles[:min(mostNames, len(way.Roles))], " or ")
		if more := len(way.Roles) - mostNames; more > 0 {
			text += fmt.Sprintf(" or %d more", more)
		}
	}
	return text
}

func printOpening(w io.Writer, o *rehearse.GraphOpening) error {
	fmt.Fprintf(w, "who takes %s over, its secret and its tokens,\n\n", o.Client)
	fmt.Fprintf(w, "sees tokens of: %s\n", few(o.From))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, part := range []struct {
		title, arrow string
		targets      []rehearse.GraphTarget
	}{{"has tokens for:", "⇒ ", o.Tokens}, {"exchanges for:", "→ ", o.Exchanges}} {
		fmt.Fprint(table, part.title)
		if len(part.targets) == 0 {
			fmt.Fprint(table, " -")
		}
		fmt.Fprintln(table)
		for _, t := range part.targets {
			printWays(table, "  "+part.arrow+t.Target, t.Ways)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(o.Beyond) == 0 {
		fmt.Fprintln(w, "and nothing beyond, whatever others exchange.")
		return nil
	}
	fmt.Fprintln(w, "and, as far as those on the way exchange what they are sent:")
	for _, p := range o.Beyond {
		fmt.Fprintln(w, "  "+pathText(p))
	}
	return nil
}
