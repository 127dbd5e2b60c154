package action

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Errands sends the letters by which administrators ask users for something.
type Errands struct{ Postman }

// Post sends the letter: without actions it asks whether the address is the user's. A mail server that does not take
// it is a *fault.Refused, whose text is safe to show.
func (e Errands) Post(ctx context.Context, at verify.At, who *user.User, q people.Errand) error {
	l := link{kind: linkErrand, user: who.ID, address: who.Email, client: q.Client, back: q.Redirect, actions: q.Actions}
	kind := letter.DoActions
	if len(q.Actions) == 0 {
		l.kind, kind = linkVerifies, letter.VerifyEmail
	}
	facts := letter.Facts{To: who.Email, Life: q.Life, Actions: q.Actions}
	err := e.post(ctx, at, kind, facts, localeOf(who, at.Realm.DefaultLocale), l, url.Values{"client_id": {q.Client}})
	if isUndelivered(err) {
		return &fault.Refused{Message: err.Error()}
	}
	return err
}

// begin begins an errand: the page says first what will be done, and the link is used up when the user goes on.
func (l Links) begin(ctx context.Context, t *authorize.Turn, k link, u *user.User, q url.Values) (authorize.Result, error) {
	back := ""
	if k.back != "" && t.Client != nil {
		if back = t.Client.Redirect(t.At.Base, k.back, false); back == "" { // it is the client's no more
			return expired(), nil
		}
	}
	if t.Client == nil || !t.Client.Enabled || t.Client.ID != k.client {
		return expired(), nil
	}
	if q.Get(confirmed) == "" {
		p := page.Info{Heading: page.T("confirmExecutionOfActions"), Message: page.T("confirmExecutionOfActions"), Back: l.onward(t, q)}
		for _, action := range k.actions {
			p.Actions = append(p.Actions, page.T("requiredAction."+action))
		}
		return again(p)
	}
	if first, err := l.spend(ctx, t, k, u); !first || err != nil {
		return expired(), err
	}
	if err := l.verified(ctx, t, k.address); err != nil {
		return authorize.Result{}, err
	}
	actions := slices.DeleteFunc(slices.Clone(k.actions), func(a string) bool { return a == verifyEmail }) // the link did
	return authorize.Result{Kind: authorize.Done, Errand: &login.Errand{Actions: actions, BackURL: back}}, nil
}

// onward is the link by which somebody goes on who saw what a letter's link is for.
func (l Links) onward(t *authorize.Turn, q url.Values) page.Link {
	q.Set(confirmed, "true")
	return page.Link{URL: t.URL("/login-actions/" + string(authorize.LinkPath) + "?" + q.Encode()), Text: page.T("proceedWithAction")}
}

// change gives the user the address that they asked for, in whatever browser they follow the link.
func (l Links) change(ctx context.Context, t *authorize.Turn, k link, u *user.User, here bool, q url.Values) (authorize.Result, error) {
	if !here && q.Get(confirmed) == "" {
		return again(page.Info{Message: page.T("confirmEmailUpdate", k.wanted), Back: l.onward(t, q)})
	}
	if first, err := l.spend(ctx, t, k, u); !first || err != nil {
		return expired(), err
	}
	wrong, err := l.changeEmail(ctx, t, k.wanted, people.Verified)
	switch {
	case err != nil:
		return authorize.Result{}, err
	case len(wrong) > 0: // somebody else has it by now
		return authorize.Result{Kind: authorize.Again, Status: 400, Page: page.Error{Message: wrong["email"][0]}}, nil
	}
	if k.others {
		except := ""
		if here {
			except = t.Attempt.Session
		}
		if err := l.Sessions.EndOthers(ctx, l.author(t), t.Realm(), u.ID, except); err != nil {
			return authorize.Result{}, err
		}
	}
	if here {
		return authorize.Result{Kind: authorize.Done}, nil
	}
	return again(l.ended(t, k, page.Info{Heading: page.T("emailUpdatedTitle"), Message: page.T("emailUpdated", k.wanted), Kind: page.Success}))
}

// ended leads from the page that says what a link did to where the letter said, or to the application.
func (l Links) ended(t *authorize.Turn, k link, p page.Info) page.Info {
	if t.Client == nil {
		return p
	}
	to := t.Client.Home(t.At.Base)
	if k.back != "" {
		to = t.Client.Redirect(t.At.Base, k.back, false)
	}
	if to != "" {
		p.Back = page.Link{URL: to, Text: page.T("backToApplication")}
	}
	return p
}

// lifeOf is how long a link lives that a user sends for.
func lifeOf(t *authorize.Turn) time.Duration { return t.Realm().Lifespans.UserAction }
