package authorize

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// send sends the turn's user on an errand that a letter asks for, in an attempt of its own. The letter proves that
// they have their address, and nothing else: those who have a second factor are asked for it.
func (a *Authorizer) send(ctx context.Context, t *Turn, e *login.Errand) (*Outcome, error) {
	u := t.User
	a.open(t, login.Request{Client: t.Client.ID, RedirectURI: e.BackURL}, login.RequiredActions)
	t.describe()
	t.Attempt.Errand = e
	return a.Accept(ctx, t, u, login.Factor{Name: factorLink, At: t.At.Now})
}

// end ends an errand with a page: nobody is signed in by it. refusal is why it was not done; nil: it was.
func (a *Authorizer) end(ctx context.Context, t *Turn, p page.Info, refusal *oauth.Error) (*Outcome, error) {
	if err := a.close(ctx, t); err != nil {
		return a.twice(t, err)
	}
	t.Event.Kind, t.Event.UserID = event.ExecuteActions, t.User.ID
	a.record(ctx, t, refusal)
	return t.with(&Outcome{Page: p}), nil
}

// back leads from the end of an errand to where the letter said, or to the application.
func (t *Turn) back() page.Link {
	if to := t.Attempt.Errand.BackURL; to != "" {
		return page.Link{URL: to, Text: page.T("backToApplication")}
	}
	return t.home()
}

// spent is the page of links that do not work, for whatever reason.
func spent() *Outcome {
	return &Outcome{Page: page.Error{Message: page.T("expiredActionTokenNoSessionMessage")}, Status: 400}
}
