package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// printTrace prints the steps as a table.
func printTrace(w io.Writer, steps []rehearse.Step) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range steps {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", s.Rule, s.Outcome, cmp.Or(s.Subject, "-"), s.Because)
	}
	return table.Flush()
}

// printFixes prints changes, any one of which helps. Ids that the commands name may have been made up
// for a realm file that has none.
func (p *program) printFixes(q *question, fixes []explain.Fix) {
	w := p.out
	for i, f := range fixes {
		fmt.Fprintf(w, "  %d. %s\n", i+1, f.Sentence)
		for line := range strings.SplitSeq(f.Command, "\n") {
			if line != "" {
				fmt.Fprintf(w, "       %s\n", line)
			}
		}
	}
	if q.file != "" {
		fmt.Fprintln(w, "  (ids are those of the file; where it has none they are made up, so look them up in the server)")
	}
}

// words joins names, or says that there are none.
func words(names []string) string {
	return cmp.Or(strings.Join(names, " "), "(none)")
}

func (p *program) printAudience(q *question, a rehearse.AudienceAnswer) error {
	switch {
	case q.asJSON:
		return printJSON(p.out, a)
	case a.With != nil:
		return p.printBoth(q, func() error { return p.tellAudience(q, a) }, func() error { return p.tellAudience(q, *a.With) })
	}
	return p.tellAudience(q, a)
}

// printBoth tells what is, and what would be.
func (p *program) printBoth(q *question, now, after func() error) error {
	fmt.Fprintln(p.out, "now:")
	if err := now(); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\nwith %s:\n", q.with)
	return after()
}

func (p *program) tellAudience(q *question, a rehearse.AudienceAnswer) error {
	fmt.Fprintf(p.out, "aud of an access token for %s: %s\n", q.Client, words(a.Audience))
	if err := printTrace(p.out, a.Trace); err != nil {
		return err
	}
	if a.Refused != nil {
		fmt.Fprintf(p.out, "→ %d %s: %s\n", a.Refused.Status, a.Refused.Error, a.Refused.Description)
	}
	for _, w := range a.Wanted {
		switch {
		case w.Reached:
			fmt.Fprintf(p.out, "%s is in aud.\n", w.Audience)
		case len(w.Fixes) == 0:
			fmt.Fprintf(p.out, "%s is not in aud, and no single change of configuration puts it there.\n", w.Audience)
		default:
			fmt.Fprintf(p.out, "%s is not in aud. Any one of these puts it there:\n", w.Audience)
			p.printFixes(q, w.Fixes)
		}
	}
	return nil
}

func (p *program) printExchange(q *question, x rehearse.ExchangeAnswer) error {
	switch {
	case q.asJSON:
		return printJSON(p.out, x)
	case x.With != nil:
		return p.printBoth(q, func() error { return p.tellExchange(q, x) }, func() error { return p.tellExchange(q, *x.With) })
	}
	return p.tellExchange(q, x)
}

func (p *program) tellExchange(q *question, x rehearse.ExchangeAnswer) error {
	if err := printTrace(p.out, x.Trace); err != nil {
		return err
	}
	if x.Granted {
		fmt.Fprintf(p.out, "→ granted; aud: %s; scope: %s\n", words(x.Audience), cmp.Or(x.Scope, "(none)"))
		return nil
	}
	fmt.Fprintf(p.out, "→ %d %s: %s\n", x.Status, x.Error, x.Description)
	if len(x.Fixes) > 0 {
		fmt.Fprintln(p.out, "Any one of these lets the request past this rule:")
		p.printFixes(q, x.Fixes)
	}
	return nil
}

func (p *program) printToken(q *question, t rehearse.TokenAnswer) error {
	if q.asJSON {
		return printJSON(p.out, t)
	}
	if t.Refused != nil {
		if err := printTrace(p.out, t.Trace); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "→ %d %s: %s\n", t.Refused.Status, t.Refused.Error, t.Refused.Description)
		return nil
	}
	fmt.Fprintf(p.out, "an access token for %s would say\n", q.Client)
	if err := printJSON(p.out, t.Claims); err != nil {
		return err
	}
	return printTrace(p.out, t.Trace)
}
