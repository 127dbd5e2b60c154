package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// question is what the explain commands have in common: whose token, and who answers.
type question struct {
	rehearse.Question
	scope  string
	claims string // of the token of another issuer: JSON, or a file of it; empty: none
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
	cmd.AddCommand(p.explainAudience(), p.explainExchange(), p.explainAssertion(), p.explainToken())
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
	cmd.Flags().StringArrayVar(&q.Resource, "resource", nil, "parameter resource of the request")
	return cmd
}

func (p *program) explainExchange() *cobra.Command {
	q := &question{}
	cmd := &cobra.Command{
		Use:   "exchange",
		Short: "What would come of a token exchange",
		Example: "  tokenhouse explain exchange -r shop --client gateway --subject-client spa --user alice --audience billing\n" +
			"  tokenhouse explain exchange -r shop --client gateway --subject-client spa --user alice --audience billing --with change.json\n" +
			"  tokenhouse explain exchange -r shop --client agent --subject-client spa --user alice --actor-client agent --audience orders\n" +
			"  tokenhouse explain exchange -r shop --client backend --subject-issuer partner --user alice --audience orders\n" +
			"  tokenhouse explain exchange -r shop --client backend --subject-client backend --user alice --requested-issuer partner",
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
	cmd.Flags().StringArrayVar(&q.Resource, "resource", nil, "resource asked for; may be given more than once")
	cmd.Flags().StringVar(&q.SubjectIssuer, "subject-issuer", "", "who issued the subject token: alias or issuer of an identity provider, or another realm of the server, whose client and user the flags name then")
	cmd.Flags().StringVar(&q.claims, "subject-claims", "", "what that token says: a JSON object, or a file of it; beside --user what it says otherwise")
	cmd.Flags().StringVar(&q.RequestedIssuer, "requested-issuer", "", "alias of the identity provider whose token for the user is asked for")
	cmd.Flags().StringVar(&q.ActorClient, "actor-client", "", "client that the actor token was issued to (default --client, where --actor-user is given)")
	cmd.Flags().StringVar(&q.ActorUser, "actor-user", "", "user of the actor token, by name (default: the client's service account)")
	cmd.Flags().StringVar(&q.RequestedSubject, "requested-subject", "", "user to impersonate, by name or id")
	cmd.Flags().StringVar(&q.Type, "requested-token-type", "", "access, refresh or id (default: not asked for)")
	return cmd
}

func (p *program) explainAssertion() *cobra.Command {
	q := &question{}
	cmd := &cobra.Command{
		Use:   "jwt-grant",
		Short: "What would come of an assertion of an identity provider",
		Long: "Tell what a client would get for an assertion, by the JWT authorization grant (RFC 7523). The assertion is described: by the\n" +
			"user whom it speaks of and whose account is linked to the identity provider, by its claims, or by both, where the claims say\n" +
			"what it says otherwise, and null what it does not say. That its issuer signed it is taken to be so.",
		Example: "  tokenhouse explain jwt-grant -r shop --client robot --issuer partner --user alice\n" +
			"  tokenhouse explain jwt-grant -r shop --client robot --issuer partner --user alice --claims '{\"aud\": \"https://elsewhere.example\"}'\n" +
			"  tokenhouse explain jwt-grant -r shop --client robot --claims assertion.json",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var x rehearse.ExchangeAnswer
			if err := p.explain(cmd, q, "jwt-grant", &x, func(ctx context.Context, s rehearse.Stage) (err error) {
				x, err = s.AnswerAssertion(ctx, q.Question)
				return err
			}); err != nil {
				return err
			}
			return p.printExchange(q, x)
		},
	}
	q.addFlags(cmd)
	cmd.Flags().Lookup("user").Usage = "user whom the assertion speaks of, by name"
	q.addWith(cmd)
	f := cmd.Flags()
	f.StringVar(&q.Issuer, "issuer", "", "who made the assertion: alias or issuer of an identity provider, or another realm of the server, whose client and user the flags name then")
	f.StringVar(&q.claims, "claims", "", "what the assertion says: a JSON object, or a file of it")
	f.StringVar(&q.Header.Type, "type", "", "header typ of the assertion, as oauth-id-jag+jwt")
	f.StringVar(&q.Header.Algorithm, "alg", "", "header alg of the assertion (default: one that the issuer may use)")
	f.StringVar(&q.SubjectClient, "subject-client", "", "client of the other realm that the assertion was issued to")
	f.StringArrayVar(&q.Resource, "resource", nil, "parameter resource of the request")
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
	cmd.Flags().StringArrayVar(&q.Resource, "resource", nil, "parameter resource of the request")
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
	if err := q.readClaims(kind); err != nil {
		return err
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

// readClaims reads what the token of another issuer says.
func (q *question) readClaims(kind string) error {
	if q.claims == "" {
		return nil
	}
	text := []byte(q.claims)
	if !strings.HasPrefix(strings.TrimSpace(q.claims), "{") {
		var err error
		if text, err = os.ReadFile(q.claims); err != nil {
			return err
		}
	}
	if !json.Valid(text) {
		return usagef("the claims are no JSON")
	}
	if q.Claims = text; kind == "exchange" {
		q.Claims, q.SubjectClaims = nil, text
	}
	return nil
}
