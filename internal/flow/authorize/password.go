package authorize

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// askPassword shows the sign-in page. Who is signed in already and must prove it anew is not asked for the name.
func (a *Authorizer) askPassword(ctx context.Context, t *Turn, step login.Step) (*Outcome, error) {
	notice := t.notice()
	if step.Again {
		t.Attempt.Note(noteAgain, t.identity.User.ID)
		if step.Asked && notice.Text.Key == "" {
			notice = page.Notice{Kind: page.Inform, Text: page.T("reauthenticate")}
		}
	} else {
		t.Attempt.Note(noteAgain, "")
	}
	return a.askFirst(ctx, t, notice, "")
}

// Notes of attempts.
const (
	noteAgain  = "again"  // id of the user who is to prove anew who they are
	noteNotice = "notice" // key of what the next page says
)

// notice is what the page that was led to says, once.
func (t *Turn) notice() page.Notice {
	key := t.Attempt.Notes[noteNotice]
	t.Attempt.Note(noteNotice, "")
	if key == "" {
		return page.Notice{}
	}
	return page.Notice{Kind: page.Fail, Text: page.T(key)}
}

// showPassword shows the sign-in page; wrong is the key of what was wrong with the form before.
func (a *Authorizer) showPassword(ctx context.Context, t *Turn, notice page.Notice, wrong string) (*Outcome, error) {
	return a.Show(ctx, t, func() (page.Page, error) {
		p := page.Login{Form: page.Form{Action: t.FormURL(), Notice: notice}, Username: t.filledIn(), NameLabel: nameLabel(t.At.Realm),
			KnownUser: t.Again()}
		if wrong != "" {
			field := "username"
			if p.KnownUser {
				field = "password"
			}
			p.Wrong = page.Wrong{field: {page.T(wrong)}}
		}
		return p, a.offer(ctx, t, &p)
	})
}

// offer adds what else the page leads to.
func (a *Authorizer) offer(ctx context.Context, t *Turn, p *page.Login) error {
	r := t.At.Realm
	p.Others = t.Others()
	if slices.Contains(t.ways, login.FactorPasskeyOnly) {
		asked, err := a.Passkeys.Offer(ctx, t)
		if err != nil {
			return err
		}
		p.Passkey = &asked
	}
	if r.SignIn.Remember && !p.KnownUser {
		p.RememberMe = page.RememberMe{Offered: true, Checked: t.Attempt.Remember || t.Cookies[CookieRemember] != ""}
	}
	if a.entrance(login.Reset) != nil && r.SignIn.ResetPassword {
		p.ResetURL = Relative(t.TabURL(login.Reset))
	}
	if a.entrance(login.Registration) != nil && r.SignIn.Registration && !p.KnownUser {
		p.RegisterURL = Relative(t.TabURL(login.Registration))
	}
	if a.Providers == nil {
		return nil
	}
	var err error
	p.Providers, err = a.Providers.Offered(ctx, t)
	return err
}

// filledIn is the name on the sign-in page: of who is to prove it anew, as typed last, as the application hinted, or
// as remembered.
func (t *Turn) filledIn() string {
	switch {
	case t.Again():
		if u := t.identity.User; u != nil && u.ID == t.Attempt.Notes[noteAgain] {
			return u.Username
		}
		return "" // signed out meanwhile
	case t.Attempt.Username != "":
		return t.Attempt.Username
	case t.Attempt.Request.LoginHint != "":
		return t.Attempt.Request.LoginHint
	}
	name, err := url.QueryUnescape(strings.TrimPrefix(t.Cookies[CookieRemember], "username:"))
	if err != nil {
		return ""
	}
	return name
}

func nameLabel(r *realm.Realm) string {
	switch {
	case r.LoginWithEmail && r.EmailAsUsername:
		return "email"
	case r.LoginWithEmail:
		return "usernameOrEmail"
	}
	return "username"
}

// password takes the form of the sign-in page. Whatever is wrong, the page says the same and takes as long; what
// is wrong with the account is told to those only who know the password.
func (a *Authorizer) password(ctx context.Context, t *Turn, form url.Values) (*Outcome, error) {
	if form.Has("cancel") { // of pages that others made
		return a.refuse(ctx, t, oauth.Errorf(oauth.AccessDenied, "").InEvent("rejected_by_user", ""))
	}
	u, err := a.named(ctx, t, form)
	if err != nil {
		return nil, err
	}
	why, message, err := a.prove(ctx, t, u, form.Get("password"))
	if err != nil {
		return nil, err
	}
	if why != nil {
		a.record(ctx, t, why)
		return a.askFirst(ctx, t, page.Notice{}, message)
	}
	t.Attempt.Remember = t.At.Realm.SignIn.Remember && form.Get("rememberMe") == "on"
	return a.welcome(ctx, t, u, login.FactorPassword)
}

// named finds whose password the form brings; nil where nobody has the name. Service accounts do not sign in.
func (a *Authorizer) named(ctx context.Context, t *Turn, form url.Values) (*user.User, error) {
	if id := t.Attempt.Notes[noteAgain]; id != "" {
		return verify.SignsIn(a.Users.User(ctx, t.At.Realm.Key, id))
	}
	name := strings.TrimSpace(form.Get("username"))
	t.Attempt.Username = name
	t.Event.Set("username", name)
	return verify.ByLogin(ctx, a.Users, t.At.Realm, name)
}

// prove checks the password. why is for the event, and message the key of what the page says; nil where it is right.
func (a *Authorizer) prove(ctx context.Context, t *Turn, u *user.User, password string) (why *oauth.Error, message string, err error) {
	wrong := oauth.Errorf(oauth.AccessDenied, "")
	right, err := a.Passwords.Check(ctx, t.At, u, password)
	switch {
	case err != nil:
		return nil, "", err
	case u == nil:
		return wrong.InEvent("user_not_found", ""), ordinary, nil
	}
	t.Event.UserID = u.ID
	why, message, err = a.barred(ctx, t, u)
	if err != nil || right || why != nil && message == ordinary {
		return why, message, err
	}
	err = a.Lockouts.Failed(context.WithoutCancel(ctx), t.At.Realm, u, t.At.Now, t.Address)
	return wrong.InEvent("invalid_user_credentials", ""), ordinary, err
}

// ordinary is the key of what is said whatever is wrong with a name and a password.
const ordinary = "invalidUserMessage"

// barred tells why somebody may not sign in whatever they prove: they are locked, or switched off. Of a lock nobody
// learns.
func (a *Authorizer) barred(ctx context.Context, t *Turn, u *user.User) (why *oauth.Error, message string, err error) {
	refused := oauth.Errorf(oauth.AccessDenied, "")
	lock, err := a.Lockouts.Locked(ctx, t.At.Realm, u, t.At.Now)
	switch {
	case err != nil:
		return nil, "", err
	case lock == user.ForTime:
		return refused.InEvent("user_temporarily_disabled", ""), ordinary, nil
	case lock == user.ForGood:
		return refused.InEvent("user_disabled", ""), ordinary, nil
	case !u.Enabled:
		return refused.InEvent("user_disabled", ""), "accountDisabledMessage", nil
	}
	return nil, "", nil
}
