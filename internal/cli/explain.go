package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// question is what the explain commands have in common: whose token, from which realm, and who answers.
type question struct {
	rehearse.Question
	scope       string
	realm, file string
	base        string
	remote      remote
	asJSON      bool
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
			if err := p.explain(cmd, q, "audience", &a, func(ctx context.Context, s rehearse.Stage) error {
				scene, err := s.Scene(ctx, q.Question)
				if err == nil {
					a = rehearse.OfAudience(scene, q.Want...).Answer()
				}
				return err
			}); err != nil {
				return err
			}
			return p.printAudience(q, a)
		},
	}
	q.addFlags(cmd)
	cmd.Flags().StringArrayVar(&q.Want, "want", nil, "audience that the token should have; may be given more than once")
	return cmd
}

func (p *program) explainExchange() *cobra.Command {
	q := &question{}
	cmd := &cobra.Command{
		Use:     "exchange",
		Short:   "What would come of a token exchange",
		Example: "  tokenhouse explain exchange -r shop --client gateway --subject-client spa --user alice --audience billing",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var x rehearse.ExchangeAnswer
			if err := p.explain(cmd, q, "exchange", &x, func(ctx context.Context, s rehearse.Stage) error {
				subject, requester, parameters, err := s.Exchange(ctx, q.Question)
				if err == nil {
					x = rehearse.OfExchange(subject, requester, parameters).Answer()
				}
				return err
			}); err != nil {
				return err
			}
			return p.printExchange(q, x)
		},
	}
	q.addFlags(cmd)
	cmd.Flags().StringVar(&q.SubjectClient, "subject-client", "", "client that the subject token was issued to (default --client)")
	cmd.Flags().StringVar(&q.SubjectScope, "subject-scope", "", "scope that the subject token was asked for with")
	cmd.Flags().StringArrayVar(&q.Audience, "audience", nil, "audience asked for; may be given more than once")
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
			if err := p.explain(cmd, q, "token", &t, func(ctx context.Context, s rehearse.Stage) error {
				scene, err := s.Scene(ctx, q.Question)
				if err == nil {
					t = rehearse.OfToken(scene).Answer()
				}
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
	f.StringVarP(&q.realm, "realm", "r", "", "realm; that of the file where --realm-file holds just one")
	f.StringVar(&q.Client, "client", "", "client that asks, by its client_id")
	f.StringVar(&q.User, "user", "", "user who signs in, by name; without it the client asks for itself")
	f.StringVar(&q.scope, "scope", "", "parameter scope of the request")
	f.StringVar(&q.file, "realm-file", "", "read the realm from this file, not from the database")
	q.remote.addFlags(cmd)
	f.StringVar(&q.base, "base", "http://localhost:8080", "URL that callers reach the server by")
	f.BoolVar(&q.asJSON, "json", false, "print JSON")
	addStoreFlags(cmd)
}

// explain puts the question to a server, which answers into answer, or sets the stage for decide to do so: with the
// realm of a file, or of the database.
func (p *program) explain(cmd *cobra.Command, q *question, kind string, answer any, decide func(context.Context, rehearse.Stage) error) error {
	switch {
	case q.Client == "":
		return usagef("flag --client is needed")
	case q.realm == "" && q.file == "":
		return usagef("flag --realm is needed, or --realm-file")
	case q.file != "" && q.remote.asked(cmd):
		return usagef("flags --realm-file and --server exclude each other")
	}
	if cmd.Flags().Changed("scope") {
		q.Scope = &q.scope
	}
	ctx := cmd.Context()
	switch {
	case q.remote.asked(cmd):
		r, err := q.remote.open(ctx, p)
		if err != nil {
			return err
		}
		return r.Call(ctx, http.MethodPost, "realms/"+url.PathEscape(q.realm)+"/tokenhouse/explain/"+kind, q.Question, answer)
	case q.file != "":
		stage, err := p.fileStage(cmd, q)
		if err != nil {
			return err
		}
		return misusedBy(decide(ctx, stage))
	}
	return p.withDatabase(cmd, func(ctx context.Context, db opened) error {
		r, err := db.store.Realm(ctx, q.realm)
		if errors.Is(err, fault.ErrNotFound) {
			return fmt.Errorf("there is no realm %q", q.realm)
		}
		if err != nil {
			return err
		}
		return misusedBy(decide(ctx, rehearse.Stage{Realm: r, People: db.store, Base: q.base, Now: time.Now()}))
	})
}

// misusedBy makes a question that makes no sense a mistake of the command line.
func misusedBy(err error) error {
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok && invalid.Field != "user" {
		return usagef("%s", invalid.Message)
	}
	return err
}

// fileStage is the realm of a file.
func (p *program) fileStage(cmd *cobra.Command, q *question) (rehearse.Stage, error) {
	if _, err := resolve(cmd.Flags(), p.environ); err != nil {
		return rehearse.Stage{}, err
	}
	realms := server.Realms(nil, server.Config{Env: p.lookupEnv})
	snapshots, err := realms.Read(cmd.Context(), server.File(q.file))
	if err != nil {
		return rehearse.Stage{}, fmt.Errorf("%s: %w", q.file, err)
	}
	s, err := pick(snapshots, q)
	if err != nil {
		return rehearse.Stage{}, err
	}
	return rehearse.Stage{Realm: s.Realm, People: people(s.Users), Base: q.base, Now: time.Now()}, nil
}

// pick chooses the realm that the question is about.
func pick(all []manage.Snapshot, q *question) (manage.Snapshot, error) {
	var names []string
	for _, s := range all {
		if name := s.Realm.Name; name == q.realm || q.realm == "" && len(all) == 1 {
			return s, nil
		}
		names = append(names, s.Realm.Name)
	}
	if q.realm == "" {
		return manage.Snapshot{}, usagef("flag --realm is needed: the file holds %s", strings.Join(names, ", "))
	}
	return manage.Snapshot{}, fmt.Errorf("%s holds no realm %q", q.file, q.realm)
}

// people are the users of a realm file.
type people []*user.User

func (p people) UserByName(_ context.Context, _, username string) (*user.User, error) {
	for _, u := range p {
		if strings.EqualFold(u.Username, username) {
			return u, nil
		}
	}
	return nil, fault.ErrNotFound
}

func (p people) ServiceAccount(_ context.Context, _, clientKey string) (*user.User, error) {
	for _, u := range p {
		if u.ServiceAccount == clientKey {
			return u, nil
		}
	}
	return nil, fault.ErrNotFound
}
