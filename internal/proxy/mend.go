package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// misdirected refuses a token that is genuine but for somebody else, and says how to make it be for this gatekeeper too.
func (g *Gatekeeper) misdirected(ctx context.Context, e *bearer.Error) *refusal {
	f := refused(http.StatusUnauthorized, string(e.Code), e.Description)
	f.audience, f.want = e.Claims.Audience, e.WantAudience
	if f.audience == nil {
		f.audience = []string{}
	}
	f.fixes = g.mend(e.Claims.Client)
	f.hidden = g.explained(ctx, question{e.Claims.Client, userOf(e.Claims), strings.Join(e.Claims.Scopes, " ")})
	return f
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

// mend is what puts the gatekeeper's audience into tokens of a client. It holds nothing but what is in the token and the
// gatekeeper's own client id, which everybody sees who signs in.
func (g *Gatekeeper) mend(client string) []explain.Fix {
	c := &g.config.Issuer
	_, realm, ok := place(c.URL)
	if !ok || client == "" {
		return []explain.Fix{{Sentence: "let the issuer name " + c.Audience + ` in "aud" of the access tokens of this client`}}
	}
	included := explain.Config("included.custom.audience", c.Audience)
	if c.Audience == c.ClientID {
		included = explain.Config("included.client.audience", c.Audience)
	}
	mapper := []explain.Setting{{Field: "name", Value: c.Audience + "-audience"}, {Field: "protocol", Value: "openid-connect"},
		{Field: "protocolMapper", Value: "oidc-audience-mapper"}, included,
		explain.Config("access.token.claim", "true"), explain.Config("id.token.claim", "false")}
	return []explain.Fix{
		{Sentence: "name " + c.Audience + " in tokens of " + client + ", by an Audience mapper", Command: explain.OnClient(realm, client, "create", "protocol-mappers/models", mapper...)},
		{Sentence: "name it by a client scope, which other clients can be given too", Command: explain.NewScope(realm, c.Audience+"-audience", client, mapper...)},
	}
}

// question is what the issuer is asked to explain.
type question struct{ client, user, scope string }

// explanations are those of the last minute, so that nobody has the issuer explain the same over and over.
type explanations struct {
	*otter.Cache[question, []explain.Fix]
}

const (
	maxExplanations = 1000
	explanationAge  = time.Minute
	explainTime     = 3 * time.Second // how long somebody waits for an explanation on top of a refusal
)

func newExplanations() explanations {
	return explanations{otter.Must(&otter.Options[question, []explain.Fix]{MaximumSize: maxExplanations,
		ExpiryCalculator: otter.ExpiryWriting[question, []explain.Fix](explanationAge)})}
}

// explained asks the issuer, a Tokenhouse, what would put the audience into a token. There is no explanation where nobody may
// ask, or the issuer does not answer: the refusal stays what it is.
func (g *Gatekeeper) explained(ctx context.Context, q question) []explain.Fix {
	if g.explainer == nil || q.client == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	fixes, err := g.explanations.Get(ctx, q, otter.LoaderFunc[question, []explain.Fix](g.askWhy))
	if err != nil {
		g.log.WarnContext(ctx, "the issuer does not explain", "cause", err)
	}
	return fixes
}

// askWhy asks over the administration API.
func (g *Gatekeeper) askWhy(ctx context.Context, q question) ([]explain.Fix, error) {
	server, realm, ok := place(g.config.Issuer.URL)
	if !ok {
		return nil, errors.New("it has no realms")
	}
	t, err := g.explainer.ClientCredentials(ctx, brokerclient.Own{})
	if err != nil {
		return nil, err
	}
	asked := struct {
		Client string   `json:"client"`
		User   string   `json:"user,omitempty"`
		Scope  string   `json:"scope"`
		Want   []string `json:"want"`
	}{q.client, q.user, q.scope, []string{g.config.Issuer.Audience}}
	var answer struct {
		Wanted []struct{ Fixes []explain.Fix }
	}
	at := server + "/admin/realms/" + url.PathEscape(realm) + "/tokenhouse/explain/audience"
	if err := g.issuer.Call(ctx, at, t.Access, asked, &answer); err != nil {
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
