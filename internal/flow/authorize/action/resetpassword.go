package action

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
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
	return e.page(t, page.Form{Action: t.FormURL()}, t.Attempt.Username), nil
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
		return again(e.page(t, wrongField(t, "username", "missingUsernameMessage"), ""))
	}
	t.Attempt.Username = name
	u, err := e.named(ctx, t, name)
	if err != nil {
		return authorize.Result{}, err
	}
	if u != nil && u.Enabled && u.Email != "" {
		if err := e.send(ctx, t, u); err != nil {
			return authorize.Result{}, err
		}
	}
	return authorize.Result{Kind: authorize.Back, Notice: page.Notice{Kind: page.Success, Text: page.T("emailSentMessage")}}, nil
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

// named finds who signs in by a name, as the password form does; nil where nobody does.
func (d *Deps) named(ctx context.Context, t *authorize.Turn, name string) (*user.User, error) {
	name = strings.ToLower(name)
	r := t.Realm()
	var u *user.User
	var err error
	if r.LoginWithEmail && strings.Contains(name, "@") {
		u, err = d.Users.UserByEmail(ctx, r.Key, name)
	}
	if u == nil && (err == nil || gone(err)) {
		u, err = d.Users.UserByName(ctx, r.Key, name)
	}
	switch {
	case gone(err):
		return nil, nil
	case err != nil:
		return nil, err
	case u.ServiceAccount != "":
		return nil, nil
	}
	return u, nil
}
