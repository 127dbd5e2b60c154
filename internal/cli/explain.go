package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// question is what the explain commands have in common: whose token, and who answers.
type question struct {
	rehearse.Question
	scope string
	place
}

func (p *program) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Tell why a token says what it says, and how to change it",
		Long: "Tell what a client would get for a user, and why: the decision itself is made, by the server's own code, on the\n" +
			"realm in the database; with --server by a server that runs; or with --realm-file in a realm file, with no\n" +
			"server at all. Nothing is changed.",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.explainAudience(), p.explainExchange(), p.explainToken())
	return cmd
}

func (p *program) explainAudience() *cobra.Command {
	q := &question{}
	cmd := &cobra.Command{
		Use:     "audience",
		Short:   "Where an access token may be used, and what would let it be used elsewhere",
		Example: "  tokenhouse explain audience -r shop --client my-app --user alice --want good-service",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var a rehearse.AudienceAnswer
			if err := p.explain(cmd, q, "audience", &a, func(ctx context.Context, s rehearse.Stage) (err error) {
				a, err = s.AnswerAudience(ctx, q.Question)
				return err
			}); err != nil {
				return err
			}
			return p.printAudience(q, a)
		},
	}
	q.addFlags(cmd)
	q.addWith(cmd)
	cmd.Flags().StringArrayVar(&q.Want, "want", nil, "audience that the token should have; may be given more than once")
	return cmd
}

func (p *program) explainExchange() *cobra.Command {
	q := &question{}
	cmd := &cobra.Command{
		Use:   "exchange",
		Short: "What would come of a token exchange",
		Example: "  tokenhouse explain exchange -r shop --client gateway --subject-client spa --user alice --audience billing\n" +
			"  tokenhouse explain exchange -r shop --client gateway --subject-client spa --user alice --audience billing --with change.json\n" +
			"  tokenhouse explain exchange -r shop --client agent --subject-client spa --user alice --actor-client agent --audience orders",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var x rehearse.ExchangeAnswer
			if err := p.explain(cmd, q, "exchange", &x, func(ctx context.Context, s rehearse.Stage) (err error) {
				x, err = s.AnswerExchange(ctx, q.Question)
				return err
			}); err != nil {
				return err
			}
			return p.printExchange(q, x)
		},
	}
	q.addFlags(cmd)
	q.addWith(cmd)
	cmd.Flags().StringVar(&q.SubjectClient, "subject-client", "", "client that the subject token was issued to (default --client)")
	cmd.Flags().StringVar(&q.SubjectScope, "subject-scope", "", "scope that the subject token was asked for with")
	cmd.Flags().StringArrayVar(&q.Audience, "audience", nil, "audience asked for; may be given more than once")
	cmd.Flags().StringVar(&q.ActorClient, "actor-client", "", "client that the actor token was issued to (default --client, where --actor-user is given)")
	cmd.Flags().StringVar(&q.ActorUser, "actor-user", "", "user of the actor token, by name (default: the client's service account)")
	cmd.Flags().StringVar(&q.RequestedSubject, "requested-subject", "", "user to impersonate, by name or id")
	cmd.Flags().StringVar(&q.Type, "requested-token-type", "", "access, refresh or id (default: not asked for)")
	return cmd
}

func (p *program) explainToken() *cobra.Command {
	q := &question{}
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "What an access token would say, claim by claim",
		Example: "  tokenhouse explain token -r shop --client spa --user alice --scope 'openid email'",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var t rehearse.TokenAnswer
			if err := p.explain(cmd, q, "token", &t, func(ctx context.Context, s rehearse.Stage) (err error) {
				t, err = s.AnswerToken(ctx, q.Question)
				return err
			}); err != nil {
				return err
			}
			return p.printToken(q, t)
		},
	}
	q.addFlags(cmd)
	return cmd
}

func (q *question) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	q.addRealm(cmd)
	f.StringVar(&q.Client, "client", "", "client that asks, by its client_id")
	f.StringVar(&q.User, "user", "", "user who signs in, by name; without it the client asks for itself")
	f.StringVar(&q.scope, "scope", "", "parameter scope of the request")
	q.addSource(cmd)
}

// explain puts the question to a server, which answers into answer, or sets the stage for decide to do so: with the
// realm of a file, or of the database.
func (p *program) explain(cmd *cobra.Command, q *question, kind string, answer any, decide func(context.Context, rehearse.Stage) error) error {
	if q.Client == "" {
		return usagef("flag --client is needed")
	}
	if err := q.check(cmd); err != nil {
		return err
	}
	if cmd.Flags().Changed("scope") {
		q.Scope = &q.scope
	}
	if !q.remote.asked(cmd) {
		return p.onStage(cmd, &q.place, decide)
	}
	if q.with != "" {
		change, err := os.ReadFile(q.with)
		if err != nil {
			return err
		}
		if !json.Valid(change) {
			return usagef("%s: no JSON", q.with)
		}
		q.With = change
	}
	r, err := q.remote.open(cmd.Context(), p)
	if err != nil {
		return err
	}
	return r.Call(cmd.Context(), http.MethodPost, "realms/"+url.PathEscape(q.realm)+"/tokenhouse/explain/"+kind, q.Question, answer)
}
