package authorize

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// receive begins a turn in the realm that a request names. Where the realm serves nobody now there is no turn, and the
// outcome or the error is the answer.
func (a *Authorizer) receive(ctx context.Context, q Call) (*Turn, *Outcome, error) {
	r, err := a.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, nil, err
	}
	t, err := a.turn(ctx, r, q)
	if err != nil {
		return nil, nil, err
	}
	if no := closed(r, q); no != nil {
		o, err := a.failed(ctx, t, nil, no)
		return nil, o, err
	}
	return t, nil, nil
}

// turn begins a turn: it reads clock and cookies. The attempt is still to be found.
func (a *Authorizer) turn(ctx context.Context, r *realm.Realm, q Call) (*Turn, error) {
	t := &Turn{At: verify.At{Realm: r, Base: q.Base, Now: a.Now()}, Address: q.Address, Agent: q.Agent, Cookies: q.Cookies, Locale: q.Locale}
	t.Event = event.Event{ID: a.NewID(), Time: t.At.Now, Kind: event.Login, Realm: r.Key, RealmName: r.Name, Address: q.Address}
	var err error
	if t.identity, err = a.identities().Of(ctx, t.At, q.Cookies); err != nil {
		return nil, err
	}
	if id := q.Cookies[CookieBrowser]; id != "" {
		t.Browser, err = a.Logins.Login(ctx, r.Key, id)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
	}
	return t, nil
}

func (a *Authorizer) identities() *Identities {
	return &Identities{Keys: a.Keys, Sessions: a.Sessions, Users: a.Users}
}

// closed tells why a realm serves nobody now: it is off, or the caller must come by TLS.
func closed(r *realm.Realm, q Call) *refusal {
	switch {
	case !q.Secure && r.RequiresTLS(q.address()):
		return onPage("ssl_required", "httpsRequiredMessage")
	case !r.Enabled:
		return onPage("realm_disabled", "realmNotEnabledMessage")
	}
	return nil
}

// open adds an attempt for a request to the browser, which may be new.
func (a *Authorizer) open(t *Turn, q login.Request, p login.Path) {
	if t.Browser == nil {
		t.Browser = &login.Browser{ID: a.NewToken(), Started: t.At.Now}
		t.SetCookie(Cookie{Name: CookieBrowser, Value: t.Browser.ID, HTTPOnly: true})
		t.SetCookie(Cookie{Name: CookieHash, Value: base64.StdEncoding.EncodeToString(fingerprint(t.Browser.ID)), MaxAge: time.Minute})
	}
	t.Attempt = &login.Attempt{Tab: a.NewToken(), Request: q, Path: p, Started: t.At.Now, Touched: t.At.Now}
	t.Browser.Open(t.Attempt)
	t.opened, t.fresh = t.Attempt.Tab, true
}

// find takes up the attempt of a tab; false where there is none for the client.
func (t *Turn) find(tab, clientID string) bool {
	if t.Browser == nil || tab == "" {
		return false
	}
	a := t.Browser.Tab(tab)
	if a == nil || a.Request.Client != clientID {
		return false
	}
	t.Attempt, t.opened, t.code = a, a.Tab, a.Code
	t.describe()
	return true
}

// errTwice says that another request took the attempt further meanwhile.
var errTwice = errors.New("the attempt has changed since it was read")

// attempts is how often a write of a browser is tried whose other tabs are busy.
const attempts = 8

// save keeps the browser as it is now. Of two requests that take the same attempt further one is first; the other
// is told errTwice. Other tabs do not get in the way.
func (a *Authorizer) save(ctx context.Context, t *Turn) error {
	t.Browser.Used = t.At.Now
	closing := t.Browser.Tab(t.Attempt.Tab) == nil
	for range attempts {
		err := a.Logins.SaveLogin(ctx, t.At.Realm.Key, t.Browser, t.At.Now.Add(keep(t.At.Realm)))
		if !errors.Is(err, fault.ErrStale) {
			return err
		}
		now, err := a.Logins.Login(ctx, t.At.Realm.Key, t.Browser.ID)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		if now == nil {
			now = &login.Browser{ID: t.Browser.ID, Started: t.Browser.Started}
		}
		if !merge(now, t, closing) {
			return errTwice
		}
		t.Browser = now
	}
	return errTwice
}

// merge puts the turn's attempt into the browser as somebody else left it; false where they took that attempt
// further.
func merge(now *login.Browser, t *Turn, closing bool) bool {
	i := slices.IndexFunc(now.Tabs, func(a *login.Attempt) bool { return a.Tab == t.opened })
	switch {
	case i < 0 && t.fresh && !closing:
		now.Open(t.Attempt)
	case i < 0 && t.fresh:
	case i < 0 || now.Tabs[i].Code != t.code:
		return false
	case closing:
		now.Close(t.opened)
	default:
		now.Tabs[i] = t.Attempt
	}
	return true
}

// keep is how long a browser is kept in which nothing happens.
func keep(r *realm.Realm) time.Duration {
	return max(r.Lifespans.Login, r.Lifespans.UserAction) + time.Minute
}

// Show shows a page of the attempt, whose form brings a new session code.
func (a *Authorizer) Show(ctx context.Context, t *Turn, make func() (page.Page, error)) (*Outcome, error) {
	t.Attempt.Code, t.Attempt.Touched = a.NewToken(), t.At.Now
	p, err := make()
	if err != nil {
		return nil, err
	}
	if err := a.save(ctx, t); err != nil {
		return a.twice(t, err)
	}
	return t.with(&Outcome{Page: p, Status: statusOf(p)}), nil
}

// statusOf is the status of a page: one under the id of a failure says that it may work later.
func statusOf(p page.Page) int {
	if e, ok := p.(page.Error); ok && e.ID != "" {
		return 503
	}
	return 0
}

// twice leads a request that came second to where the first has got.
func (a *Authorizer) twice(t *Turn, err error) (*Outcome, error) {
	if !errors.Is(err, errTwice) {
		return nil, err
	}
	return t.with(&Outcome{Redirect: t.URL("/login-actions/" + string(login.Authenticate) + "?" + t.TabQuery().Encode())}), nil
}

// with puts the cookies of the turn to an outcome.
func (t *Turn) with(o *Outcome) *Outcome {
	o.Cookies = append(slices.Clip(t.set), o.Cookies...)
	t.set = nil
	o.Wishes = t.wishes()
	return o
}

// wishes are what is known of the language of the turn's pages.
func (t *Turn) wishes() (w locale.Wishes) {
	if t.Attempt != nil {
		w.Chosen, w.Client = t.Attempt.Request.Locale, t.Attempt.Request.Locales
	}
	if t.User != nil && len(t.User.Attributes["locale"]) > 0 {
		w.Own = t.User.Attributes["locale"][0]
	}
	return w
}

// failed is the page of a refusal, or what the client is told.
func (a *Authorizer) failed(ctx context.Context, t *Turn, q *login.Request, r *refusal) (*Outcome, error) {
	a.record(ctx, t, r.asError())
	if r.tell != nil {
		o, err := a.failure(ctx, t.At, q, r.tell)
		if err != nil {
			return nil, err
		}
		return t.with(o), nil
	}
	p := page.Error{Message: r.message}
	if t.Client != nil && !r.alone {
		p.Back = t.Client.Home(t.At.Base)
	}
	fix(&p, r, t.At.Realm, t.Client)
	return t.with(&Outcome{Page: p, Status: r.status}), nil
}

// record keeps the event of the turn; a nil error is success.
func (a *Authorizer) record(ctx context.Context, t *Turn, err *oauth.Error) {
	e := t.Event
	if err != nil {
		e.Fail(err)
	}
	a.Events.Record(context.WithoutCancel(ctx), e)
}
