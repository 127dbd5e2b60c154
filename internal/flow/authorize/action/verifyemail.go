package action

import (
	"context"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

const (
	verifyEmail = "VERIFY_EMAIL"
	noteMailed  = "verify_email_mailed" // the address that a link was sent to
)

// VerifyEmail has the user prove that their e-mail address is theirs, by a link.
type VerifyEmail struct{ *Deps }

func (VerifyEmail) Alias() string { return verifyEmail }

// Due where the user was given the action, or the realm wants all addresses verified, and there is one that is
// not.
func (a VerifyEmail) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	if t.User.Email == "" || t.User.EmailVerified {
		return false, a.relieve(ctx, t, verifyEmail)
	}
	on, err := a.enabled(ctx, t, verifyEmail)
	return on && (t.Realm().SignIn.VerifyEmail || has(t.User, verifyEmail)), err
}

// Challenge sends the link once to an address. Where that does not work, the page leads to another try.
func (a VerifyEmail) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	if t.Attempt.Notes[noteMailed] != t.User.Email {
		if failed, err := a.send(ctx, t); failed != nil || err != nil {
			return failed, err
		}
	}
	return page.VerifyEmail{Form: form(t, verifyEmail, "verifyEmailMessage"), Email: t.User.Email, ResendURL: t.FormURL(), Cancel: optional(t, verifyEmail)}, nil
}

// send sends the link; a page says that it could not be sent.
func (a VerifyEmail) send(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	l := link{kind: linkVerifies, user: t.User.ID, address: t.User.Email, tab: tab(t)}
	err := a.postTo(ctx, t, letter.VerifyEmail, t.User.Email, l)
	if isUndelivered(err) {
		return a.undelivered(ctx, t, event.SendVerifyEmail, err, t.TabURL(login.RequiredActions)), nil
	}
	if err != nil {
		return nil, err
	}
	t.Attempt.Note(noteMailed, t.User.Email)
	a.record(ctx, t, event.SendVerifyEmail, event.Detail{Name: "email", Value: t.User.Email})
	return nil, nil
}

// Process sends the link once more.
func (a VerifyEmail) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if cancelled(t, verifyEmail, form) {
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	t.Attempt.Note(noteMailed, "")
	p, err := a.Challenge(ctx, t)
	return authorize.Result{Kind: authorize.Again, Page: p}, err
}

// undelivered is the page that says that a letter could not be sent, under an id that is that of the event
// with the reason.
func (d *Deps) undelivered(ctx context.Context, t *authorize.Turn, kind event.Kind, reason error, retry string) page.Page {
	e := d.eventOf(t.Event, kind, "email_send_failed", event.Detail{Name: "reason", Value: reason.Error()})
	d.Events.Record(context.WithoutCancel(ctx), e)
	return page.Error{Message: page.T("emailSendErrorMessage"), Back: t.Client.BaseURL, ID: e.ID, RetryTo: retry,
		Fix: "The realm's mail server did not take the letter: see its settings (smtpServer), and try them by the administration."}
}

// verified notes that the user has an address, as the link proves.
func (d *Deps) verified(ctx context.Context, t *authorize.Turn, address string) error {
	err := d.People.EditOwn(ctx, t.Realm(), t.User.ID, func(a *user.Account) error {
		if a.User.Email == address {
			a.User.EmailVerified = true
			people.Done(a, verifyEmail)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.record(ctx, t, event.VerifyEmail, event.Detail{Name: "email", Value: address})
	return d.reload(ctx, t)
}
