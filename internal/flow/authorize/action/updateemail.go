package action

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/inquiry"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

const (
	updateEmail       = "UPDATE_EMAIL"
	settingVerify     = "verifyEmail"   // of the action: letters are sent though the realm verifies no addresses
	notePendingEmail  = "pending_email" // that a letter was sent to
	fieldEndOthers    = "logout-sessions"
	valueOfCheckedBox = "on"
)

// UpdateEmail has the user choose another e-mail address. Where addresses are verified it changes when its owner
// follows the link of a letter to it, in whatever browser.
type UpdateEmail struct{ *Deps }

func (UpdateEmail) Alias() string { return updateEmail }

func (a UpdateEmail) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, updateEmail)
}

func (a UpdateEmail) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	f, address := form(t, updateEmail, "updateEmailMessage"), t.User.Email
	if pending := t.Attempt.Notes[notePendingEmail]; pending != "" {
		f.Notice, address = page.Notice{Kind: page.Inform, Text: page.T("emailVerificationPending", pending)}, pending
	}
	return a.page(ctx, t, f, address)
}

func (a UpdateEmail) page(ctx context.Context, t *authorize.Turn, f page.Form, address string) (page.Page, error) {
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	values := profile.Of(t.User)
	values[profile.Email] = []string{address}
	fields := slices.DeleteFunc(inquiry.Fields(terms.Profile, t.User, scopeNames(t), values), func(f page.Field) bool { return f.Name != profile.Email })
	return page.UpdateEmail{Form: f, Fields: fields, Cancel: optional(t, updateEmail)}, nil
}

// Process changes the address, or sends the letter that does.
func (a UpdateEmail) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if cancelled(t, updateEmail, form) {
		return authorize.Result{Kind: authorize.Cancelled}, nil
	}
	address := strings.ToLower(strings.TrimSpace(form.Get(profile.Email)))
	terms, err := a.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	verifies := t.Realm().SignIn.VerifyEmail
	if action := terms.Action(updateEmail); action != nil && action.Config[settingVerify] == "true" {
		verifies = true
	}
	known := address == t.User.Email && t.User.EmailVerified
	if !verifies || known || address == "" {
		return a.now(ctx, t, form, address)
	}
	err = a.People.CheckEmail(ctx, t.Realm(), t.User.ID, address, scopeNames(t))
	wrong, technical := faults(err, func(_, message string) []string { return []string{message} })
	if technical != nil {
		return authorize.Result{}, technical
	}
	if len(wrong) > 0 {
		return a.again(ctx, t, wrong, address)
	}
	return a.send(ctx, t, form, address)
}

// now changes the address at once.
func (a UpdateEmail) now(ctx context.Context, t *authorize.Turn, form url.Values, address string) (authorize.Result, error) {
	wrong, err := a.changeEmail(ctx, t, address, people.Unverified)
	if err != nil {
		return authorize.Result{}, err
	}
	if len(wrong) > 0 {
		return a.again(ctx, t, wrong, address)
	}
	return authorize.Result{Kind: authorize.Done}, a.endOthers(ctx, t, form.Get(fieldEndOthers) == valueOfCheckedBox)
}

func (a UpdateEmail) again(ctx context.Context, t *authorize.Turn, wrong page.Wrong, address string) (authorize.Result, error) {
	p, err := a.page(ctx, t, page.Form{Action: t.FormURL(), Wrong: wrong}, address)
	return authorize.Result{Kind: authorize.Again, Page: p}, err
}

// send sends the letter to the new address.
func (a UpdateEmail) send(ctx context.Context, t *authorize.Turn, form url.Values, address string) (authorize.Result, error) {
	l := link{kind: linkUpdates, user: t.User.ID, address: t.User.Email, wanted: address, tab: tab(t), others: form.Get(fieldEndOthers) == valueOfCheckedBox}
	err := a.postTo(ctx, t, letter.UpdateEmail, address, l)
	if isUndelivered(err) {
		return again(a.undelivered(ctx, t, event.SendVerifyEmail, err, t.TabURL(login.RequiredActions)))
	}
	if err != nil {
		return authorize.Result{}, err
	}
	t.Attempt.Note(notePendingEmail, address)
	a.record(ctx, t, event.SendVerifyEmail, event.Detail{Name: "email", Value: address})
	return again(page.Info{Heading: page.T("emailUpdateConfirmationSentTitle"), Message: page.T("emailUpdateConfirmationSent", address)})
}

// changeEmail gives the turn's user another address, and says by field what is wrong with it.
func (d *Deps) changeEmail(ctx context.Context, t *authorize.Turn, address string, proof people.Proof) (page.Wrong, error) {
	before := t.User.Email
	err := d.People.ChangeEmail(ctx, t.Realm(), t.User.ID, people.EmailChange{From: before, To: address, Proof: proof, Done: updateEmail})
	wrong, technical := faults(err, func(_, message string) []string { return []string{message} })
	if technical != nil || len(wrong) > 0 {
		return wrong, technical
	}
	t.Event.Set("previous_email", before)
	d.record(ctx, t, event.UpdateEmail, event.Detail{Name: "updated_email", Value: address})
	return nil, d.reload(ctx, t)
}
