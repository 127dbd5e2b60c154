package cli

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// violation is a forbidden path as --json prints it.
type violation struct {
	File    string      `json:"file"`
	Line    int         `json:"line"`
	Because string      `json:"because,omitempty"`
	From    string      `json:"from"`
	To      string      `json:"to"`
	Path    string      `json:"path"`
	Fix     explain.Fix `json:"fix"`
}

// checkGraph finds the paths that a policy forbids.
func (p *program) checkGraph(cmd *cobra.Command, q *graphQuestion) error {
	text, err := os.ReadFile(q.policy)
	if err != nil {
		return err
	}
	rules, err := readPolicy(q.policy, text)
	if err != nil {
		return err
	}
	found := []violation{}
	err = p.onStage(cmd, &q.place, func(_ context.Context, s rehearse.Stage) error {
		g := graph.Build(s.Realm, s.Realm.Issuer(s.Base))
		if err := known(g, q.policy, rules); err != nil {
			return err
		}
		found = violations(g, q.policy, rules)
		return nil
	})
	if err != nil {
		return err
	}
	if q.asJSON {
		err = printJSON(p.out, found)
	} else {
		p.printViolations(q, found)
	}
	if err == nil && len(found) > 0 {
		return exitCode(exitFailed)
	}
	return err
}

func violations(g *graph.Graph, file string, rules []policyRule) []violation {
	bans := make([]graph.Ban, len(rules))
	for i, r := range rules {
		bans[i] = r.Ban
	}
	out := []violation{}
	for _, v := range g.Check(bans) {
		rule := rules[v.Ban]
		path := rehearse.GraphPath{From: v.Path.From(), To: v.Path.To(), Before: v.Path.Before}
		for _, h := range v.Path.Hops {
			path.Hops = append(path.Hops, rehearse.GraphHop{From: h.From, To: h.To, Exchange: h.Exchange})
		}
		out = append(out, violation{file, rule.line, rule.because, path.From, path.To, pathText(path), v.Fix})
	}
	return out
}

func (p *program) printViolations(q *graphQuestion, found []violation) {
	for _, v := range found {
		fmt.Fprintf(p.out, "%s:%d: %s reaches %s", v.File, v.Line, v.From, v.To)
		if v.Because != "" {
			fmt.Fprintf(p.out, " (%s)", v.Because)
		}
		fmt.Fprintf(p.out, "\n  %s\n  fix: %s\n", v.Path, v.Fix.Sentence)
		if v.Fix.Command != "" {
			fmt.Fprintf(p.out, "       %s\n", v.Fix.Command)
		}
	}
	commands := slices.ContainsFunc(found, func(v violation) bool { return v.Fix.Command != "" })
	switch {
	case len(found) == 0:
		fmt.Fprintf(p.out, "%s: no forbidden path\n", q.policy)
		return
	case q.file != "" && commands:
		fmt.Fprintln(p.out, "(ids are those of the file; where it has none they are made up, so look them up in the server)")
	}
	fmt.Fprintf(p.out, "%s: %s\n", q.policy, count(len(found), "forbidden path"))
}
