package authorize

import (
	"context"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// accountClient is the client of the account pages, which every realm has.
const accountClient = "account"

// fromOutside begins with a forgotten password for whoever followed a link of an application's, without a request to
// the authorization endpoint. The link names the client, or means the account pages; it may say where the browser goes
// in the end (redirect_uri). Who came that far is signed in there. The client gets no code: it did not ask for one, by
// which it would know its own (RFC 9700 §4.7).
func (a *Authorizer) fromOutside(ctx context.Context, t *Turn, q ContinueRequest) (*Outcome, error) {
	if !q.Query.Has("client_id") {
		t.Client = t.At.Realm.Client(accountClient)
	}
	switch {
	case t.Client == nil:
		return a.failed(ctx, t, nil, onPage("client_not_found", "clientNotFoundMessage"))
	case !t.Client.Enabled:
		return a.failed(ctx, t, nil, onPage("client_disabled", "clientDisabledMessage"))
	}
	to := landing(t.Client, t.At.Base, q.Query.Get("redirect_uri"))
	if to == "" {
		return a.failed(ctx, t, nil, onPage("invalid_redirect_uri", "invalidParameterMessage", "redirect_uri"))
	}
	return a.Start(ctx, t, login.Request{Client: t.Client.ID, RedirectURI: to, ResponseMode: login.ModeQuery}, login.Reset)
}

// landing is where the browser goes in the end of a request that a client did not make: to the address that is named, or else to
// the client's own, or the first that it registered; "" where none of these is its own.
func landing(c *realm.Client, base, named string) string {
	if named != "" {
		return c.Redirect(base, named, false)
	}
	if home := c.Redirect(base, c.Home(base), false); home != "" {
		return home
	}
	for _, uri := range c.RedirectURIs {
		if to := c.Redirect(base, uri, false); to != "" && !strings.Contains(uri, "*") {
			return to
		}
	}
	return ""
}
