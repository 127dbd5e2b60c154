// Package mend knows what helps where a request does not get through: the commands that put an audience into tokens that lack it, and that let
// tokens be exchanged; with a Tokenhouse as the issuer what the realm itself explains; and what to look at where only guesses can be made.
package mend

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// Advisor advises. New makes one.
type Advisor struct {
	Config
	explanations *otter.Cache[question, []explain.Fix]
}

// Config says whose audience is missing, and who may ask about it.
type Config struct {
	Issuer   string // as "iss" has it
	ClientID string // of the gatekeeper
	Audience string // that tokens have to hold
	// Explainer gets tokens for who may ask the issuer, a Tokenhouse; nil: nobody may.
	Explainer *brokerclient.Source
	// Call sends JSON to an address with an access token, and reads the answer into one.
	Call func(ctx context.Context, address, token string, question, answer any) error
	Log  *slog.Logger
}

// New makes an advisor.
func New(c Config) *Advisor {
	return &Advisor{c, otter.Must(&otter.Options[question, []explain.Fix]{MaximumSize: maxExplanations,
		ExpiryCalculator: otter.ExpiryWriting[question, []explain.Fix](explanationAge)})}
}

// Misdirected tells what puts the audience into tokens like one that lacks it: what follows from the token and the gatekeeper's own client
// id, which everybody sees who signs in, and what the issuer explains, which tells how it is configured.
func (a *Advisor) Misdirected(ctx context.Context, c *bearer.Claims) (fixes, explained []explain.Fix) {
	return a.mappers(c.Client), a.explained(ctx, question{c.Client, userOf(c), strings.Join(c.Scopes, " ")})
}

// place takes the URL of an issuer apart that has realms, as Keycloak and Tokenhouse do.
func place(issuer string) (server, realm string, ok bool) {
	server, realm, ok = strings.Cut(issuer, "/realms/")
	if !ok || realm == "" || strings.Contains(realm, "/") {
		return "", "", false
	}
	realm, err := url.PathUnescape(realm)
	return server, realm, err == nil
}

// mappers put the audience into tokens of a client.
func (a *Advisor) mappers(client string) []explain.Fix {
	_, realm, ok := place(a.Issuer)
	if !ok || client == "" {
		return []explain.Fix{{Sentence: "let the issuer name " + a.Audience + ` in "aud" of the access tokens of this client`}}
	}
	mapper := included(a.Audience, a.Audience == a.ClientID)
	return []explain.Fix{
		{Sentence: "name " + a.Audience + " in tokens of " + client + ", by an Audience mapper", Command: explain.OnClient(realm, client, "create", "protocol-mappers/models", mapper...)},
		{Sentence: "name it by a client scope, which other clients can be given too", Command: explain.NewScope(realm, a.Audience+"-audience", client, mapper...)},
	}
}

// included are the settings of an Audience mapper for a client of the realm, or for a word that is no client of it.
func included(audience string, client bool) []explain.Setting {
	kind := "included.custom.audience"
	if client {
		kind = "included.client.audience"
	}
	return []explain.Setting{{Field: "name", Value: audience + "-audience"}, {Field: "protocol", Value: "openid-connect"},
		{Field: "protocolMapper", Value: "oidc-audience-mapper"}, explain.Config(kind, audience),
		explain.Config("access.token.claim", "true"), explain.Config("id.token.claim", "false")}
}

// question is what the issuer is asked to explain.
type question struct{ client, user, scope string }

// Explanations are remembered for a minute, so that nobody has the issuer explain the same over and over.
const (
	maxExplanations = 1000
	explanationAge  = time.Minute
	explainTime     = 3 * time.Second // how long somebody waits for an explanation on top of a refusal
)

// explained asks the issuer, a Tokenhouse, what would put the audience into a token. There is no explanation where nobody may
// ask, or the issuer does not answer: the refusal stays what it is.
func (a *Advisor) explained(ctx context.Context, q question) []explain.Fix {
	if a.Explainer == nil || q.client == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	fixes, err := a.explanations.Get(ctx, q, otter.LoaderFunc[question, []explain.Fix](a.askWhy))
	if err != nil {
		a.Log.WarnContext(ctx, "the issuer does not explain", "cause", err)
	}
	return fixes
}

// askWhy asks over the administration API.
func (a *Advisor) askWhy(ctx context.Context, q question) ([]explain.Fix, error) {
	server, realm, ok := place(a.Issuer)
	if !ok {
		return nil, errors.New("it has no realms")
	}
	t, err := a.Explainer.ClientCredentials(ctx, brokerclient.Own{})
	if err != nil {
		return nil, err
	}
	asked := struct {
		Client string   `json:"client"`
		User   string   `json:"user,omitempty"`
		Scope  string   `json:"scope"`
		Want   []string `json:"want"`
	}{q.client, q.user, q.scope, []string{a.Audience}}
	var answer struct {
		Wanted []struct{ Fixes []explain.Fix }
	}
	at := server + "/admin/realms/" + url.PathEscape(realm) + "/tokenhouse/explain/audience"
	if err := a.Call(ctx, at, t.Access, asked, &answer); err != nil {
		return nil, err
	}
	if len(answer.Wanted) != 1 {
		return nil, errors.New("it answers something else")
	}
	return answer.Wanted[0].Fixes, nil
}

// userOf is whom the explanation is about: the name, where the token is a person's.
func userOf(c *bearer.Claims) string {
	if strings.HasPrefix(c.Username, "service-account-") {
		return ""
	}
	return c.Username
}
