package proxy

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

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
	f.hidden = g.explained(ctx, question{Client: e.Claims.Client, User: userOf(e.Claims), Scope: strings.Join(e.Claims.Scopes, " "), Want: []string{e.WantAudience}})
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

// question is what the issuer is asked to explain, as its administration API takes it.
type question struct {
	Client string   `json:"client"`
	User   string   `json:"user,omitempty"`
	Scope  string   `json:"scope"`
	Want   []string `json:"want"`
}

// explainTime is how long somebody waits for an explanation on top of a refusal.
const explainTime = 3 * time.Second

// explained asks the issuer, a Tokenhouse, what would put the wanted audience into a token. There is no explanation where nobody may
// ask, or the issuer does not answer: the refusal stays what it is.
func (g *Gatekeeper) explained(ctx context.Context, q question) []explain.Fix {
	server, realm, ok := place(g.config.Issuer.URL)
	if g.explainer == nil || !ok || q.Client == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	t, err := g.explainer.ClientCredentials(ctx, brokerclient.Own{})
	if err == nil {
		var answer struct {
			Wanted []struct{ Fixes []explain.Fix }
		}
		at := server + "/admin/realms/" + url.PathEscape(realm) + "/tokenhouse/explain/audience"
		if err = g.issuer.Call(ctx, at, t.Access, q, &answer); err == nil && len(answer.Wanted) == 1 {
			return answer.Wanted[0].Fixes
		}
	}
	g.log.WarnContext(ctx, "the issuer does not explain", "cause", err)
	return nil
}

// userOf is whom the explanation is about: the name, where the token is a person's.
func userOf(c *bearer.Claims) string {
	if strings.HasPrefix(c.Username, "service-account-") {
		return ""
	}
	return c.Username
}
