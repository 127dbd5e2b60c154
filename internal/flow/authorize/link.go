package authorize

import (
	"context"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
)

// LinkPath is where links from letters lead, below login-actions. Their parameter "key" says what they are for.
const LinkPath login.Path = "action-token"

// Links are the links that letters bring.
type Links interface {
	// Follow does what a link says, where that holds. The turn has an attempt where the browser is one that the
	// link's tab is open in; Done then goes on with it: with Turn.User, of whom the link is the proof where
	// proves is true.
	Follow(ctx context.Context, t *Turn, q url.Values) (r Result, proves bool, err error)
}

// factorLink is what a link from a letter proves: that its reader has the user's e-mail address.
const factorLink = "reset-credential-email"

// follow takes a link from a letter.
func (a *Authorizer) follow(ctx context.Context, q ContinueRequest) (*Outcome, error) {
	t, o, err := a.receive(ctx, q.Call)
	if t == nil {
		return o, err
	}
	t.Client = t.Realm().Client(q.Query.Get("client_id"))
	t.Event.Client = q.Query.Get("client_id")
	if t.Client != nil && t.Client.Enabled && t.find(q.Query.Get("tab_id"), t.Client.ID) && t.timedOut() {
		t.Attempt = nil
	}
	if a.Links == nil {
		return t.with(spent()), nil
	}
	result, proves, err := a.Links.Follow(ctx, t, q.Query)
	switch {
	case err != nil:
		return nil, err
	case result.Kind == Elsewhere && t.Attempt != nil:
		return a.after(ctx, t, result)
	case result.Errand != nil:
		return a.send(ctx, t, result.Errand)
	case result.Kind != Done || t.Attempt == nil:
		return t.with(&Outcome{Page: result.Page, Status: result.Status}), nil
	case proves:
		return a.Accept(ctx, t, t.User, login.Factor{Name: factorLink, At: t.At.Now})
	}
	return a.advance(ctx, t)
}

// Relative is an address without its host, as Keycloak's pages have those that lead about a sign-in.
func Relative(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.RequestURI()
}
