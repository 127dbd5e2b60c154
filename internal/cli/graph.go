package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// graphQuestion is what tokenhouse graph is asked.
type graphQuestion struct {
	rehearse.GraphQuestion
	place
	policy string // file of --check
	asDOT  bool
}

func (p *program) graphCommand() *cobra.Command {
	q := &graphQuestion{}
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Tell who can reach whom by token exchange",
		Long: "Tell who can reach whom by token exchange, in the realm in the database; with --server in that of a server that runs; or\n" +
			"with --realm-file in a realm file, with no server at all. ⇒ stands for what tokens can name that come to a client\n" +
			"without an exchange, → for an exchange. Any role that there is counts as somebody's, and every scope as asked for.\n\n" +
			"--check finds the paths that a policy forbids, with a change that takes each away; the exit code is 1 where there is one.",
		Example: "  tokenhouse graph -r shop --from storefront --to payment\n" +
			"  tokenhouse graph -r shop --client gateway\n" +
			"  tokenhouse graph --realm-file shop.json --check policy.yaml\n" +
			"  tokenhouse graph --realm-file shop.json --dot | dot -Tsvg > shop.svg",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.graph(cmd, q) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	q.addRealm(cmd)
	f.StringVar(&q.From, "from", "", "what this client reaches; with --to, by which paths")
	f.StringVar(&q.To, "to", "", "who reaches this client or custom audience")
	f.StringVar(&q.Client, "client", "", "what the theft of this client's secret and tokens would open")
	f.StringVar(&q.policy, "check", "", "YAML file with a policy: find the paths that it forbids")
	f.BoolVar(&q.asDOT, "dot", false, "print the whole graph for Graphviz")
	q.addSource(cmd)
	return cmd
}

// misuse is what is wrong with the flags together.
func (q *graphQuestion) misuse(cmd *cobra.Command) error {
	part := q.From != "" || q.To != "" || q.Client != ""
	switch {
	case q.Client != "" && (q.From != "" || q.To != ""):
		return usagef("flag --client excludes --from and --to")
	case q.policy != "" && (part || q.asDOT):
		return usagef("flag --check excludes --from, --to, --client and --dot")
	case q.asDOT && (part || q.asJSON):
		return usagef("flag --dot excludes --from, --to, --client and --json")
	}
	return q.check(cmd)
}

func (p *program) graph(cmd *cobra.Command, q *graphQuestion) error {
	if err := q.misuse(cmd); err != nil {
		return err
	}
	var a rehearse.GraphAnswer
	switch {
	case q.policy != "":
		return p.checkGraph(cmd, q)
	case q.remote.asked(cmd):
		r, err := q.remote.open(cmd.Context(), p)
		if err != nil {
			return err
		}
		if err := r.Call(cmd.Context(), http.MethodGet, q.address(), nil, &a); err != nil {
			return err
		}
	default:
		if err := p.onStage(cmd, &q.place, func(_ context.Context, s rehearse.Stage) (err error) {
			a, err = rehearse.OfGraph(graph.Build(s.Realm, s.Realm.Issuer(s.Base)), q.GraphQuestion)
			return err
		}); err != nil {
			return err
		}
	}
	switch {
	case q.asJSON:
		return printJSON(p.out, a)
	case q.asDOT:
		return printDOT(p.out, a)
	}
	return printGraph(p.out, a)
}

// address is where a server answers the question.
func (q *graphQuestion) address() string {
	parameters := url.Values{}
	for name, value := range map[string]string{"from": q.From, "to": q.To, "client": q.Client} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	path := "realms/" + url.PathEscape(q.realm) + "/tokenhouse/graph"
	if len(parameters) > 0 {
		path += "?" + parameters.Encode()
	}
	return path
}
