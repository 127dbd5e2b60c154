package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// question is what the explain commands have in common: whose token, from which realm.
type question struct {
	realm, file          string
	base                 string
	client, user, scope  string
	asJSON               bool
	subjectClient, typ   string   // of exchange
	subjectScope         string   // of exchange
	audiences            []string // of exchange
	want                 []string // of audience
	exchange, scopeGiven bool
}

func (p *program) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Tell why a token says what it says, and how to change it",
		Long: "Tell what a client would get for a user, and why: the decision itself is made, by the server's own code, on the\n" +
			"realm in the database or, with --realm-file, in a realm file with no server at all. Nothing is changed.",
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
			return p.explain(cmd, q, func(s scene) error {
				return p.printAudience(q, rehearse.OfAudience(s.subject, q.want...))
			})
		},
	}
	q.addFlags(cmd)
	cmd.Flags().StringArrayVar(&q.want, "want", nil, "audience that the token should have; may be given more than once")
	return cmd
}

func (p *program) explainExchange() *cobra.Command {
	q := &question{exchange: true}
	cmd := &cobra.Command{
		Use:     "exchange",
		Short:   "What would come of a token exchange",
		Example: "  tokenhouse explain exchange -r shop --client gateway --subject-client spa --user alice --audience billing",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q.scopeGiven = cmd.Flags().Changed("scope")
			return p.explain(cmd, q, func(s scene) error {
				return p.printExchange(q, rehearse.OfExchange(s.subject, s.requester, q.parameters()))
			})
		},
	}
	q.addFlags(cmd)
	cmd.Flags().StringVar(&q.subjectClient, "subject-client", "", "client that the subject token was issued to (default --client)")
	cmd.Flags().StringVar(&q.subjectScope, "subject-scope", "", "scope that the subject token was asked for with")
	cmd.Flags().StringArrayVar(&q.audiences, "audience", nil, "audience asked for; may be given more than once")
	cmd.Flags().StringVar(&q.typ, "requested-token-type", "", "access, refresh or id (default: not asked for)")
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
			return p.explain(cmd, q, func(s scene) error {
				return p.printToken(q, rehearse.OfToken(s.subject))
			})
		},
	}
	q.addFlags(cmd)
	return cmd
}

func (q *question) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&q.realm, "realm", "r", "", "realm; that of the file where --realm-file holds just one")
	f.StringVar(&q.client, "client", "", "client that asks, by its client_id")
	f.StringVar(&q.user, "user", "", "user who signs in, by name; without it the client asks for itself")
	f.StringVar(&q.scope, "scope", "", "parameter scope of the request")
	f.StringVar(&q.file, "realm-file", "", "read the realm from this file, not from the database")
	f.StringVar(&q.base, "base", "http://localhost:8080", "URL that callers reach the server by")
	f.BoolVar(&q.asJSON, "json", false, "print JSON")
	addStoreFlags(cmd)
}

// scene is who takes part, found by the names in the question.
type scene struct {
	subject   rehearse.Scene
	requester *realm.Client // of an exchange
}

// explain finds out who takes part and lets tell say what comes of it.
func (p *program) explain(cmd *cobra.Command, q *question, tell func(scene) error) error {
	if q.client == "" {
		return usagef("flag --client is needed")
	}
	if q.realm == "" && q.file == "" {
		return usagef("flag --realm is needed, or --realm-file")
	}
	if _, known := tokenTypes[q.typ]; !known {
		return usagef("flag --requested-token-type: %q is none of access, refresh, id", q.typ)
	}
	if q.file != "" {
		if _, err := resolve(cmd.Flags(), p.environ); err != nil {
			return err
		}
		realms := server.Realms(nil, server.Config{Env: p.lookupEnv})
		snapshots, err := realms.Read(cmd.Context(), server.File(q.file))
		if err != nil {
			return fmt.Errorf("%s: %w", q.file, err)
		}
		from, err := pick(snapshots, q)
		if err != nil {
			return err
		}
		return q.find(cmd.Context(), from, tell)
	}
	return p.withDatabase(cmd, func(ctx context.Context, db opened) error {
		r, err := db.store.Realm(ctx, q.realm)
		if errors.Is(err, fault.ErrNotFound) {
			return fmt.Errorf("there is no realm %q", q.realm)
		}
		if err != nil {
			return err
		}
		return q.find(ctx, cast{r, db.store}, tell)
	})
}

// cast is a realm and its people.
type cast struct {
	realm *realm.Realm
	users interface {
		UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
		ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
	}
}

// find looks up who takes part.
func (q *question) find(ctx context.Context, from cast, tell func(scene) error) error {
	asks, err := q.clientNamed(from.realm, q.client)
	if err != nil {
		return err
	}
	s := scene{requester: asks, subject: rehearse.Scene{Realm: from.realm, Base: strings.TrimSuffix(q.base, "/"), Client: asks, Scope: q.scope, Now: time.Now()}}
	if q.exchange {
		if s.subject.Client, err = q.clientNamed(from.realm, cmp.Or(q.subjectClient, q.client)); err != nil {
			return err
		}
		s.subject.Scope = q.subjectScope
	}
	if q.user == "" {
		s.subject.Service = true
		s.subject.User, err = from.users.ServiceAccount(ctx, from.realm.Key, s.subject.Client.Key)
		if errors.Is(err, fault.ErrNotFound) {
			return fmt.Errorf("client %q has no service account; name a user by --user", s.subject.Client.ID)
		}
	} else {
		s.subject.User, err = from.users.UserByName(ctx, from.realm.Key, q.user)
		if errors.Is(err, fault.ErrNotFound) {
			return fmt.Errorf("realm %q has no user %q", from.realm.Name, q.user)
		}
	}
	if err != nil {
		return err
	}
	return tell(s)
}

func (q *question) clientNamed(r *realm.Realm, id string) (*realm.Client, error) {
	if c := r.Client(id); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("realm %q has no client %q", r.Name, id)
}

// tokenTypes are the token types that can be asked for, by their short names.
var tokenTypes = map[string]oauth.TokenType{"": "", "access": oauth.TypeAccessToken, "refresh": oauth.TypeRefreshToken, "id": oauth.TypeIDToken}

// parameters are those of the exchange request that the question describes.
func (q *question) parameters() rehearse.Parameters {
	out := rehearse.Parameters{Audiences: q.audiences}
	if t := tokenTypes[q.typ]; t != "" {
		out.RequestedType = &t
	}
	if q.scopeGiven {
		out.Scope = &q.scope
	}
	return out
}

// pick chooses the realm that the question is about.
func pick(all []manage.Snapshot, q *question) (cast, error) {
	var names []string
	for i := range all {
		if name := all[i].Realm.Name; name == q.realm || q.realm == "" && len(all) == 1 {
			return cast{all[i].Realm, people(all[i].Users)}, nil
		}
		names = append(names, all[i].Realm.Name)
	}
	if q.realm == "" {
		return cast{}, usagef("flag --realm is needed: the file holds %s", strings.Join(names, ", "))
	}
	return cast{}, fmt.Errorf("%s holds no realm %q", q.file, q.realm)
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
