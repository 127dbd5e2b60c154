package authorize

import (
	"context"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Policies are the realm's client policies. It is a police.Judge, and not asked in a realm without.
type Policies interface {
	Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error)
}

// police holds a request that the rules let pass against the realm's client policies. The error is a *refusal, or
// technical. f has the stage, and what was proved of the client.
func (a *Authorizer) police(ctx context.Context, at verify.At, c *checking, f policy.Facts, e *event.Event) error {
	if len(at.Realm.Policies) == 0 {
		return nil
	}
	f.Issuer, f.Client = at.Realm.Issuer(at.Base), c.client
	f.Scope, f.ScopeSent = c.q.Scope, c.in.get("scope") != nil
	f.Authorize = c.facts(at)
	v, err := a.Policies.Judge(ctx, at.Realm, f, e)
	if v.Refuse != nil {
		return policyRefusal(v)
	}
	return err
}

// policyRefusal tells the client, but where what is wrong is the address that it would be told at, or that the
// request came by the browser at all.
func policyRefusal(v policy.Verdict) *refusal {
	switch v.Executor {
	case "secure-client-uris", "secure-redirect-uris-enforcer":
		no := onPage("", "invalidParameterMessage", "redirect_uri")
		no.because = v.Refuse
		return no
	case "secure-par-content":
		no := onPage("", "invalidRequestMessage")
		no.because = v.Refuse
		return no
	}
	return &refusal{tell: v.Refuse}
}

// facts are the request as client policies look at it: with what a request object or a pushed request says.
func (c *checking) facts(at verify.At) *policy.AuthorizeFacts {
	f := &policy.AuthorizeFacts{
		Code: c.q.ResponseType.Code, Token: c.q.ResponseType.Token, IDToken: c.q.ResponseType.IDToken,
		JARM:        strings.EqualFold(c.in.text("response_mode"), "jwt"),
		RedirectURI: c.in.text("redirect_uri"),
		OpenID:      c.q.HasScope(oauth.ScopeOpenID),
		Nonce:       c.in.text("nonce") != "", State: c.in.text("state") != "",
		Method: c.in.get("code_challenge_method"), Challenge: c.in.get("code_challenge"),
		KeyNamed: c.in.text(dpopKey) != "",
		ACR:      c.realm.AssuranceOf(c.client).Wanted(c.client, c.q.ACR().Values),
		Object:   c.object, Agrees: c.agrees(), Now: at.Now.Unix(),
	}
	for _, p := range c.sent {
		if p.Name != "request" && p.Name != "request_uri" {
			f.Sent = append(f.Sent, p.Name)
		}
	}
	if c.q.Pushed != "" {
		f.Pushed = []string{}
		for _, p := range c.in {
			f.Pushed = append(f.Pushed, p.Name)
		}
	}
	if f.Object != nil {
		f.Object.Scope = c.in.get("scope") != nil
	}
	return f
}

// agrees tells whether all that came beside a request object is in it, and the same.
func (c *checking) agrees() bool {
	for _, p := range c.sent {
		if p.Name == "request" || p.Name == "request_uri" {
			continue
		}
		if inside := c.inside.get(p.Name); inside == nil || *inside != p.Value {
			return false
		}
	}
	return true
}
