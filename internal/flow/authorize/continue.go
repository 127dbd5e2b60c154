package authorize

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// restartPath begins an attempt again.
const restartPath login.Path = "restart"

// Continue takes a form or a link of a page. What is wrong with it is part of the outcome; an error is technical, or
// fault.ErrNotFound where there is no such realm.
func (a *Authorizer) Continue(ctx context.Context, q ContinueRequest) (*Outcome, error) {
	if q.Path == LinkPath {
		return a.follow(ctx, q)
	}
	t, o, err := a.Resume(ctx, q)
	if o != nil || err != nil {
		return o, err
	}
	switch {
	case q.Path == restartPath:
		t.Attempt.Restart()
		a.recordRestart(ctx, t)
		return a.leadOn(ctx, t, "")
	case t.timedOut():
		return a.timeout(ctx, t)
	}
	sent, current := t.brings(q)
	switch {
	case !sent:
		return a.look(ctx, t, q)
	case !current:
		t.Attempt.Note(noteNotice, "expiredActionMessage")
		return a.leadOn(ctx, t, t.Attempt.Execution)
	}
	o, err = a.process(ctx, t, q)
	if errors.Is(err, fault.ErrBusy) {
		return a.busy(ctx, t), nil
	}
	return o, err
}

// busy is the page for a form that so many others wait before that it is not looked at. The form is as good as before:
// nothing was kept.
func (a *Authorizer) busy(ctx context.Context, t *Turn) *Outcome {
	a.record(ctx, t, oauth.Errorf(temporarilyUnavailable, "").WithStatus(503))
	return t.with(&Outcome{Status: 503, Page: page.Error{Message: page.T("serverBusyMessage"), ID: t.Event.ID, RetryTo: t.TabURL(t.Attempt.Path)}})
}

// Resume finds the attempt that a link or a form belongs to. Where there is none it gives the outcome instead.
func (a *Authorizer) Resume(ctx context.Context, q ContinueRequest) (*Turn, *Outcome, error) {
	t, o, err := a.receive(ctx, q.Call)
	if t == nil {
		return nil, o, err
	}
	t.Query = q.Query
	t.Client = t.Realm().Client(q.Query.Get("client_id"))
	t.Event.Client = q.Query.Get("client_id")
	if t.Client == nil || !t.find(q.Query.Get("tab_id"), t.Client.ID) {
		o, err := a.lost(ctx, t, q)
		return nil, o, err
	}
	if chosen := q.Query.Get("kc_locale"); chosen != "" {
		t.Attempt.Request.Locale = chosen
	}
	if !t.Client.Enabled {
		o, err := a.failed(ctx, t, nil, onPage("client_disabled", "clientDisabledMessage"))
		return nil, o, err
	}
	if t.Attempt.Session != "" && (t.identity.Session == nil || t.identity.Session.ID != t.Attempt.Session) {
		t.Attempt.Restart() // the session that the user was taken from is no more
	}
	return t, nil, a.recall(ctx, t)
}

// lost answers a request whose attempt is gone: who is signed in goes back to the client, who was about to begins
// again, and all others are told.
func (a *Authorizer) lost(ctx context.Context, t *Turn, q ContinueRequest) (*Outcome, error) {
	if q.Path == login.Reset && q.Form == nil && !q.Query.Has("session_code") {
		return a.fromOutside(ctx, t, q)
	}
	if t.identity.Session != nil && t.Client != nil && t.Client.Enabled {
		back, ok := readClientData(q.Query.Get("client_data"))
		if ok && t.Client.Redirect(t.At.Base, back.RedirectURI, false) != "" {
			back.Client = t.Client.ID
			describeRequest(&t.Event, &back)
			t.Event.Set("redirected_to_client", "true")
			return a.failed(ctx, t, &back, tellClient(temporarilyUnavailable, "authentication_expired").inEvent("already_logged_in", ""))
		}
		return t.with(&Outcome{Page: page.Info{Message: page.T("alreadyLoggedIn"), Back: t.home()}}), nil
	}
	kept := a.restarted(t.At, t.Cookies)
	if kept == nil || t.Client != nil && kept.Client != t.Client.ID {
		return a.nowhere(ctx, t, q.Path)
	}
	if t.Client = t.At.Realm.Client(kept.Client); t.Client == nil || !t.Client.Enabled || t.Client.Redirect(t.At.Base, kept.RedirectURI, false) == "" && kept.Device == "" {
		return a.nowhere(ctx, t, q.Path)
	}
	t.Browser = nil // its tabs are another's
	if id := t.Cookies[CookieBrowser]; id != "" {
		var err error
		if t.Browser, err = a.Logins.Login(ctx, t.At.Realm.Key, id); err != nil {
			t.Browser = nil
		}
	}
	a.open(t, *kept, login.Authenticate)
	t.describe()
	t.Attempt.Note(noteNotice, "loginTimeout")
	return a.leadOn(ctx, t, "")
}

// kinds are those of the events of what is asked at an address below login-actions; LOGIN for any other.
var kinds = map[login.Path]event.Kind{
	restartPath: event.RestartAuthentication, login.Registration: event.Register, login.Reset: event.ResetPassword,
	login.RequiredActions: event.CustomRequiredAction, login.FirstBroker: event.FirstBrokerLogin, login.PostBroker: event.PostBrokerLogin,
}

// nowhere is the page for a request whose attempt is gone for good.
func (a *Authorizer) nowhere(ctx context.Context, t *Turn, p login.Path) (*Outcome, error) {
	if kind, ok := kinds[p]; ok {
		t.Event.Kind = kind
	}
	return a.failed(ctx, t, nil, onPage("cookie_not_found", "cookieNotFoundMessage"))
}

// recordRestart records that an attempt begins again.
func (a *Authorizer) recordRestart(ctx context.Context, t *Turn) {
	e := t.Event
	e.ID, e.Kind, e.Details = a.NewID(), event.RestartAuthentication, nil
	e.Set("auth_method", "openid-connect")
	if t.User != nil {
		e.UserID = t.User.ID
		e.Set("username", t.User.Username)
	}
	a.Events.Record(context.WithoutCancel(ctx), e)
}

func (t *Turn) home() page.Link {
	if uri := t.Client.Home(t.At.Base); uri != "" {
		return page.Link{URL: uri, Text: page.T("backToApplication")}
	}
	return page.Link{}
}

// timedOut tells whether the page was left for too long.
func (t *Turn) timedOut() bool {
	limit := t.At.Realm.Lifespans.Login
	if t.Attempt.Path == login.RequiredActions || t.Attempt.Path == login.Consent {
		limit = max(limit, t.At.Realm.Lifespans.UserAction)
	}
	return limit > 0 && t.At.Now.Sub(t.Attempt.Touched) > limit+time.Second-time.Nanosecond
}

// brings tells whether a request is a form, and whether it is that of the page that was shown last. The form of
// consent has its code inside.
func (t *Turn) brings(q ContinueRequest) (sent, current bool) {
	code, execution := q.Query.Get("session_code"), q.Query.Get("execution")
	if q.Path == login.Consent {
		code, execution = q.Form.Get("code"), t.Attempt.Execution
		if q.Form == nil {
			return false, false
		}
		if t.Attempt.Execution != ConsentAlias {
			return true, false
		}
	}
	if code == "" && q.Form == nil {
		return false, false
	}
	same := subtle.ConstantTimeCompare([]byte(code), []byte(t.Attempt.Code)) == 1
	return true, same && t.Attempt.Code != "" && execution == t.Attempt.Execution
}

// look shows the page where the attempt stands, or another way in that was chosen.
func (a *Authorizer) look(ctx context.Context, t *Turn, q ContinueRequest) (*Outcome, error) {
	at := t.Attempt
	switch {
	case q.Path == login.RequiredActions && at.Path == login.RequiredActions:
		return a.act(ctx, t)
	case !at.Proven() && at.Session == "" && a.entrance(q.Path) != nil:
		if no := a.closedEntrance(t, q.Path); no != nil {
			return a.failed(ctx, t, &at.Request, no)
		}
		at.Path = q.Path
		return a.enter(ctx, t)
	case at.Proven() || at.Session != "" || at.Path == login.Authenticate || q.Path == login.Authenticate:
		return a.advance(ctx, t)
	}
	return a.enter(ctx, t)
}

// act shows the page of the required action, or of consent, that the attempt stands at, if it is still due.
func (a *Authorizer) act(ctx context.Context, t *Turn) (*Outcome, error) {
	action := a.action(t)
	state, err := a.state(ctx, t)
	if err != nil {
		return nil, err
	}
	step := login.Next(state)
	due := step.Kind == login.Act && step.Alias == t.Attempt.Execution || step.Kind == login.AskConsent && t.Attempt.Execution == ConsentAlias
	if action == nil || !due {
		return a.advance(ctx, t)
	}
	return a.challenge(ctx, t, action)
}

// action is what the attempt stands at; nil where that is the password.
func (a *Authorizer) action(t *Turn) Action {
	switch {
	case t.Attempt.Execution == ConsentAlias:
		return a.Consent
	case t.Attempt.Path == login.RequiredActions:
		return find(a.Actions, t.Attempt.Execution)
	}
	return find(a.Factors, t.Attempt.Execution)
}

// process takes a form to what the attempt stands at.
func (a *Authorizer) process(ctx context.Context, t *Turn, q ContinueRequest) (*Outcome, error) {
	form := q.Form
	if form == nil {
		form = url.Values{}
	}
	at := t.Attempt
	at.Code, at.Touched = a.NewToken(), t.At.Now // whatever comes of it, the form is used up
	if at.Path == login.Authenticate && !at.Proven() && at.Session == "" && (at.Execution == login.FactorPassword || at.Execution == login.FactorPasskeyOnly) {
		return a.signedIn(ctx, t, form)
	}
	if e := a.entrance(at.Path); e != nil && at.Execution == string(e.Path()) {
		if no := a.closedEntrance(t, at.Path); no != nil {
			return a.failed(ctx, t, &at.Request, no)
		}
		result, err := e.Process(ctx, t, form)
		if err != nil {
			return nil, err
		}
		if result.Kind == Done {
			return a.Accept(ctx, t, t.User, login.Factor{Name: at.Execution, At: t.At.Now})
		}
		return a.after(ctx, t, result)
	}
	action := a.action(t)
	if action == nil || t.User == nil {
		return a.advance(ctx, t)
	}
	if at.Path == login.Authenticate {
		var err error
		if t.ways, err = a.ways(ctx, t); err != nil {
			return nil, err
		}
		if t.ways == nil { // it is not asked for any more
			return a.advance(ctx, t)
		}
		if to, err := a.another(ctx, t, form); to != nil || err != nil {
			return to, err
		}
	}
	result, err := action.Process(ctx, t, form)
	if err != nil {
		return nil, err
	}
	return a.after(ctx, t, result)
}

// after goes on by what became of a form.
func (a *Authorizer) after(ctx context.Context, t *Turn, r Result) (*Outcome, error) {
	at := t.Attempt
	switch r.Kind {
	case Again:
		if err := a.save(ctx, t); err != nil {
			return a.twice(t, err)
		}
		return t.with(&Outcome{Page: r.Page, Status: cmp.Or(r.Status, statusOf(r.Page))}), nil
	case Refused:
		return a.refuse(ctx, t, r.Refusal)
	case Elsewhere:
		if err := a.save(ctx, t); err != nil {
			return a.twice(t, err)
		}
		return t.with(&Outcome{Redirect: r.Redirect}), nil
	case Back:
		return a.askFirst(ctx, t, r.Notice, "")
	case Cancelled:
		at.Outcome = outcomeCancelled
		return a.advance(ctx, t)
	case Failed:
		at.Outcome = outcomeError
		return a.advance(ctx, t)
	}
	if at.Errand != nil && at.Path == login.RequiredActions {
		at.Errand.Did(at.Execution)
	}
	switch {
	case at.Execution == ConsentAlias:
		at.Allowed = true
	case at.Path == login.RequiredActions && at.Execution == at.Request.Action:
		at.Outcome = "success"
	case at.Path == login.Authenticate && !at.Has(at.Execution):
		at.Pass(login.Factor{Name: at.Execution, At: t.At.Now})
	}
	return a.advance(ctx, t)
}
