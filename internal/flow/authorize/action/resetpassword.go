package action

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// noteReset says that the user came in by a link, and must choose a password.
const noteReset = "reset_password"

// ResetPassword helps those who forgot their password, by a link in a letter. What it answers does not tell
// whether there is such a user.
type ResetPassword struct{ *Deps }

func (ResetPassword) Path() login.Path { return login.Reset }

func (ResetPassword) Open(t *authorize.Turn) (refusal string) {
	if t.Realm().SignIn.ResetPassword {
		return ""
	}
	return "resetCredentialNotAllowedMessage"
}

func (e ResetPassword) Challenge(_ context.Context, t *authorize.Turn) (page.Page, error) {
	return e.page(t, page.Form{Action: t.FormURL()}, cmp.Or(t.Attempt.Username, t.Attempt.Request.LoginHint)), nil
}

func (e ResetPassword) page(t *authorize.Turn, f page.Form, username string) page.Page {
	return page.ResetPassword{Form: f, Username: username, NameLabel: nameLabel(t), LoginURL: authorize.Relative(t.TabURL(login.Authenticate))}
}

// nameLabel is what people sign in by.
func nameLabel(t *authorize.Turn) string {
	switch r := t.Realm(); {
	case !r.LoginWithEmail:
		return "username"
	case r.EmailAsUsername:
		return "email"
	}
	return "usernameOrEmail"
}

// Process sends the letter, and goes back to the sign-in page whatever comes of it.
func (e ResetPassword) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	name := strings.TrimSpace(form.Get("username"))
	if name == "" {
		e.refused(ctx, t, nil, "", "username_missing")
		return again(e.page(t, wrongField(t, "username", "missingUsernameMessage"), ""))
	}
	t.Attempt.Username = name
	u, err := verify.ByLogin(ctx, e.Users, t.Realm(), name)
	if err != nil {
		return authorize.Result{}, err
	}
	if no := unsendable(u); no != "" {
		e.refused(ctx, t, u, name, no)
	} else if err := e.send(ctx, t, u); err != nil {
		return authorize.Result{}, err
	}
	return authorize.Result{Kind: authorize.Back, Notice: page.Notice{Kind: page.Success, Text: page.T("emailSentMessage")}}, nil
}

// unsendable tells, as Keycloak's events name it, why somebody gets no letter; empty where they get one.
func unsendable(u *user.User) string {
	switch {
	case u == nil:
		return "user_not_found"
	case !u.Enabled:
		return "user_disabled"
	case u.Email == "":
		return "invalid_email"
	}
	return ""
}

// refused records why no letter is sent; aside, as letters are sent.
func (e ResetPassword) refused(ctx context.Context, t *authorize.Turn, u *user.User, typed, failure string) {
	about := e.eventOf(t.Event, event.ResetPassword, failure, event.Detail{Name: "username", Value: typed})
	if u != nil {
		about.UserID = u.ID
	}
	e.Aside(func() { e.Events.Record(context.WithoutCancel(ctx), about) })
}

// send sends the link, aside: how long that takes, and whether it works, would tell that there is such a user. A
// failure is recorded.
func (e ResetPassword) send(ctx context.Context, t *authorize.Turn, u *user.User) error {
	stamp, err := e.stamp(ctx, t, u)
	if err != nil {
		return err
	}
	about := *t
	about.User, about.Event.UserID = u, u.ID
	about.Event.Details = slices.Clone(t.Event.Details)
	about.Event.Set("username", t.Attempt.Username)
	l := link{kind: linkResets, user: u.ID, address: u.Email, tab: tab(t), stamp: stamp}
	l.client = t.Client.ID
	query := t.TabQuery() // now: the attempt goes on meanwhile
	taken := e.Aside(func() {
		ctx := context.WithoutCancel(ctx)
		if err := e.post(ctx, about.At, letter.ResetPassword, letter.Facts{To: u.Email, Life: lifeOf(&about)}, localeOf(u, about.Locale), l, query); err != nil {
			e.undelivered(ctx, &about, event.SendResetPassword, err, "")
			return
		}
		e.record(ctx, &about, event.SendResetPassword, event.Detail{Name: "email", Value: u.Email})
	})
	if !taken {
		e.undelivered(ctx, &about, event.SendResetPassword, errLine, "")
	}
	return nil
}

var errLine = errors.New("too many letters wait to be sent")
