package authorize

import (
	"context"
	"crypto/subtle"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// What a sign-in elsewhere needs of an attempt: to leave it, to come back to it, and to end it. Who uses it is
// package broker.

// Origins keep where the users of sessions came from.
type Origins interface {
	StartSessionFrom(ctx context.Context, realmKey string, s session.Session, g session.Grant, o session.Origin) error
	KeepOrigin(ctx context.Context, realmKey string, o session.Origin) error
}

// ResumeLink is Resume of a link that works only from the page that was shown last, whose session code it brings.
func (a *Authorizer) ResumeLink(ctx context.Context, q ContinueRequest) (*Turn, *Outcome, error) {
	t, o, err := a.Resume(ctx, q)
	if o != nil || err != nil {
		return nil, o, err
	}
	code := q.Query.Get("session_code")
	same := t.Attempt.Code != "" && subtle.ConstantTimeCompare([]byte(code), []byte(t.Attempt.Code)) == 1
	switch {
	case t.timedOut():
		o, err = a.timeout(ctx, t)
	case !same:
		t.Attempt.Note(noteNotice, "expiredActionMessage")
		o, err = a.leadOn(ctx, t, t.Attempt.Execution)
	}
	return t, o, err
}

// ResumeReturn is Resume of a browser that comes back from elsewhere. What it brings is for the caller to judge.
func (a *Authorizer) ResumeReturn(ctx context.Context, q ContinueRequest) (*Turn, *Outcome, error) {
	t, o, err := a.Resume(ctx, q)
	if o != nil || err != nil {
		return nil, o, err
	}
	if t.timedOut() {
		o, err = a.timeout(ctx, t)
	}
	return t, o, err
}

// timeout begins an attempt again whose page was left for too long.
func (a *Authorizer) timeout(ctx context.Context, t *Turn) (*Outcome, error) {
	t.Attempt.Restart()
	t.Attempt.Note(noteNotice, "loginTimeout")
	return a.leadOn(ctx, t, "")
}

// Leave keeps the attempt and sends the browser elsewhere, by a status of HTTP that makes it a GET.
func (a *Authorizer) Leave(ctx context.Context, t *Turn, to string, status int) (*Outcome, error) {
	t.Attempt.Touched = t.At.Now
	if err := a.save(ctx, t); err != nil {
		return a.twice(t, err)
	}
	return t.with(&Outcome{Redirect: to, Status: status}), nil
}

// Hold keeps the attempt as it is before something that may be done once: of two requests that come this far at
// the same time one is told where the other has got.
func (a *Authorizer) Hold(ctx context.Context, t *Turn) (*Outcome, error) {
	t.Attempt.Code, t.Attempt.Touched = a.NewToken(), t.At.Now
	if err := a.save(ctx, t); err != nil {
		return a.twice(t, err)
	}
	t.code = t.Attempt.Code
	return nil, nil
}

// LeadTo sends the browser to another way in.
func (a *Authorizer) LeadTo(ctx context.Context, t *Turn, p login.Path) (*Outcome, error) {
	t.Attempt.Path, t.Attempt.Execution = p, string(p)
	return a.leadOn(ctx, t, "")
}

// GoOn takes the attempt as far as it gets without the user.
func (a *Authorizer) GoOn(ctx context.Context, t *Turn) (*Outcome, error) { return a.advance(ctx, t) }

// GoOnWithout is GoOn where the user did not do elsewhere what the application started. It is told so.
func (a *Authorizer) GoOnWithout(ctx context.Context, t *Turn) (*Outcome, error) {
	t.Attempt.Outcome = outcomeCancelled
	return a.advance(ctx, t)
}

// ShowSignIn shows the sign-in page with a notice.
func (a *Authorizer) ShowSignIn(ctx context.Context, t *Turn, n page.Notice) (*Outcome, error) {
	t.Attempt.Path, t.Attempt.Execution = login.Authenticate, login.FactorPassword
	return a.showPassword(ctx, t, n, "")
}

// ShowExpired says that a page is not good any more, and leads to the start or on.
func (a *Authorizer) ShowExpired(t *Turn) *Outcome {
	return t.with(&Outcome{Page: page.Expired{RestartURL: Relative(t.TabURL(restartPath)), ContinueURL: t.TabURL(login.Authenticate)}})
}

// ShowError records that a turn failed and tells the user, under an id that is that of the event. The attempt
// stays as it is.
func (a *Authorizer) ShowError(ctx context.Context, t *Turn, why *oauth.Error, status int, text page.Text) *Outcome {
	a.record(ctx, t, why)
	p := page.Error{Message: text, ID: t.Event.ID}
	if t.Client != nil {
		p.Back = t.Client.Home(t.At.Base)
	}
	return t.with(&Outcome{Page: p, Status: status})
}

// Record keeps the turn's event; a nil error is success.
func (a *Authorizer) Record(ctx context.Context, t *Turn, why *oauth.Error) { a.record(ctx, t, why) }

// Prove checks a user's password. wrong is the key of what the page says, empty where it is right; what was wrong
// is recorded.
func (a *Authorizer) Prove(ctx context.Context, t *Turn, u *user.User, password string) (wrong string, err error) {
	why, wrong, err := a.prove(ctx, t, u, password)
	if why != nil {
		a.record(ctx, t, why)
	}
	return wrong, err
}

// Locked tells whether a user may not sign in now: they are switched off, or locked. message is the key of what the
// page says.
func (a *Authorizer) Locked(ctx context.Context, t *Turn, u *user.User) (why *oauth.Error, message string, err error) {
	denied := oauth.Errorf(oauth.AccessDenied, "")
	if !u.Enabled {
		return denied.InEvent("user_disabled", ""), "accountDisabledMessage", nil
	}
	lock, err := a.Lockouts.Locked(ctx, t.At.Realm, u, t.At.Now)
	switch {
	case err != nil || lock == user.Open:
		return nil, "", err
	case lock == user.ForGood:
		return denied.InEvent("user_disabled", ""), "accountDisabledMessage", nil
	}
	return denied.InEvent("user_temporarily_disabled", ""), "accountTemporarilyDisabledMessage", nil
}
