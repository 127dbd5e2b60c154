package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
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
	policy := rehearse.GraphPolicy{}
	for _, r := range rules {
		policy.Forbid = append(policy.Forbid, rehearse.GraphBan(r.Ban))
	}
	verdict, err := p.judge(cmd, q, policy)
	if err != nil {
		return err
	}
	if len(verdict.Unknown) > 0 {
		u := verdict.Unknown[0]
		return usagef("%s:%d: realm %q has no client and no custom audience %q", q.policy, rules[u.Ban].line, verdict.realm, u.Name)
	}
	found := violations(verdict.GraphVerdict, q.policy, rules)
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

// judged is a verdict, and the name of the realm that it is about.
type judged struct {
	rehearse.GraphVerdict
	realm string
}

// judge asks a server about a policy, or looks at the realm of a file or of the database.
func (p *program) judge(cmd *cobra.Command, q *graphQuestion, policy rehearse.GraphPolicy) (v judged, err error) {
	if !q.remote.asked(cmd) {
		return v, p.onStage(cmd, &q.place, func(_ context.Context, s rehearse.Stage) error {
			v = judged{rehearse.OfPolicy(graph.Build(s.Realm, s.Realm.Issuer(s.Base)), policy), s.Realm.Name}
			return nil
		})
	}
	r, err := q.remote.open(cmd.Context(), p)
	if err != nil {
		return v, err
	}
	v.realm = q.realm
	return v, r.Call(cmd.Context(), http.MethodPost, "realms/"+url.PathEscape(q.realm)+"/tokenhouse/graph/check", policy, &v.GraphVerdict)
}

func violations(v rehearse.GraphVerdict, file string, rules []policyRule) []violation {
	out := []violation{}
	for _, found := range v.Violations {
		rule := rules[found.Ban]
		out = append(out, violation{file, rule.line, rule.because, found.Path.From, found.Path.To, pathText(found.Path), found.Fix})
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
