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

// step is a step of a trace as --json prints it.
type step struct {
	Rule    explain.Rule    `json:"rule"`
	Outcome explain.Outcome `json:"outcome"`
	Subject string          `json:"subject"`
	Because string          `json:"because"`
}

func steps(t *explain.Trace) []step {
	out := []step{}
	if t != nil {
		for _, s := range t.Steps {
			out = append(out, step{s.Rule, s.Outcome, s.Subject, s.Because()})
		}
	}
	return out
}

// printTrace prints the steps as a table.
func printTrace(w io.Writer, t *explain.Trace) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range steps(t) {
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

func (p *program) printAudience(q *question, a rehearse.Audience) error {
	if q.asJSON {
		type wanted struct {
			Audience string        `json:"audience"`
			Reached  bool          `json:"reached"`
			Fixes    []explain.Fix `json:"fixes"`
		}
		out := struct {
			Audience []string `json:"audience"`
			Scope    string   `json:"scope"`
			Wanted   []wanted `json:"wanted"`
			Trace    []step   `json:"trace"`
		}{a.Audiences, a.Scope, []wanted{}, steps(a.Trace)}
		for _, w := range a.Wanted {
			out.Wanted = append(out.Wanted, wanted(w))
		}
		return printJSON(p.out, out)
	}
	fmt.Fprintf(p.out, "aud of an access token for %s: %s\n", q.client, words(a.Audiences))
	if err := printTrace(p.out, a.Trace); err != nil {
		return err
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

func (p *program) printExchange(q *question, x rehearse.Exchange) error {
	if q.asJSON {
		out := struct {
			Granted     bool          `json:"granted"`
			Status      int           `json:"status"`
			Error       string        `json:"error,omitempty"`
			Description string        `json:"error_description,omitempty"`
			Audience    []string      `json:"audience"`
			Scope       string        `json:"scope"`
			Trace       []step        `json:"trace"`
			Fixes       []explain.Fix `json:"fixes"`
		}{x.Refusal == nil, 200, "", "", x.Audiences, x.Scope, steps(x.Trace), x.Fixes}
		if x.Refusal != nil {
			out.Status, out.Error, out.Description = x.Refusal.Status, string(x.Refusal.Code), x.Refusal.Description
		}
		return printJSON(p.out, out)
	}
	if err := printTrace(p.out, x.Trace); err != nil {
		return err
	}
	if x.Refusal == nil {
		fmt.Fprintf(p.out, "→ granted; aud: %s; scope: %s\n", words(x.Audiences), cmp.Or(x.Scope, "(none)"))
		return nil
	}
	fmt.Fprintf(p.out, "→ %d %s\n", x.Refusal.Status, x.Refusal.Error())
	if len(x.Fixes) > 0 {
		fmt.Fprintln(p.out, "Any one of these lets the request past this rule:")
		p.printFixes(q, x.Fixes)
	}
	return nil
}

func (p *program) printToken(q *question, t rehearse.Token) error {
	claims := t.Claims.AppendJSON(nil)
	if q.asJSON {
		return printJSON(p.out, struct {
			Claims rawJSON `json:"claims"`
			Trace  []step  `json:"trace"`
		}{claims, steps(t.Trace)})
	}
	fmt.Fprintf(p.out, "an access token for %s would say\n", q.client)
	if err := printJSON(p.out, rawJSON(claims)); err != nil {
		return err
	}
	return printTrace(p.out, t.Trace)
}

// rawJSON is JSON that is encoded already.
type rawJSON []byte

// MarshalJSON gives the text as it is.
func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
