package authorize

import (
	"context"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Action is something that a user does on the way: a required action, a factor beside the password, or
// consent. It keeps nothing itself; what must last until the next form goes into Turn.Attempt.Notes.
type Action interface {
	// Alias is Keycloak's name, as "UPDATE_PASSWORD" or "auth-otp-form"; it is the parameter "execution".
	Alias() string
	// Due tells whether the user has to do it now. The user is known.
	Due(ctx context.Context, t *Turn) (bool, error)
	// Challenge is the page that asks.
	Challenge(ctx context.Context, t *Turn) (page.Page, error)
	// Process takes what the page sent. Errors are technical; what the user did wrong is Again with a page
	// that says so.
	Process(ctx context.Context, t *Turn, form url.Values) (Result, error)
}

// Starter is an Action that only an application starts, as it must say what the action is about: neither an
// administrator nor a letter can.
type Starter interface {
	Action
	// MayStart tells whether the user and the application may do it now. Where not it records why, and the
	// application is told that it failed.
	MayStart(ctx context.Context, t *Turn) (bool, error)
}

// Entrance is another way in than the password: registration, forgotten password, an identity provider. Done
// says that Turn.User is who signs in.
type Entrance interface {
	// Path is the address below login-actions.
	Path() login.Path
	// Open tells whether the realm has it on. Else refusal is the message of an error page.
	Open(t *Turn) (refusal string)
	Challenge(ctx context.Context, t *Turn) (page.Page, error)
	Process(ctx context.Context, t *Turn, form url.Values) (Result, error)
}

// Guide is an Entrance that may have nothing to ask: instead of Challenge it says what comes next, as if a form had
// been sent.
type Guide interface {
	Entrance
	Guide(ctx context.Context, t *Turn) (Result, error)
}

// Turn is one request of a browser in one of its tabs.
type Turn struct {
	At      verify.At
	Address string // the caller's
	Agent   string // how the caller's browser calls itself
	Cookies Cookies
	Locale  string // language that pages are shown in, as the caller asked for; may be empty

	Query url.Values // of the address that was asked; nil where it was the authorization endpoint's

	Client  *realm.Client
	Browser *login.Browser
	Attempt *login.Attempt
	User    *user.User // nil until it is known who signs in

	// Event is the LOGIN event of the turn. Actions put details, and record events of their own beside it.
	Event event.Event

	set      []Cookie // changes of cookies
	identity Identity // who the browser is signed in as
	opened   string   // tab of the attempt when the turn began
	code     string   // its session code then
	fresh    bool     // the attempt began in this turn
	ways     []string // that are open where a factor is asked for
	levels   string   // of the session after this turn, as session.NoteLevels; empty: none
	level    string   // that the client is told, as session.NoteLevel; empty: none
}

// Identity is who the browser is signed in as, whatever the attempt has come to.
func (t *Turn) Identity() Identity { return t.identity }

// Again tells whether the user is to prove anew who they are.
func (t *Turn) Again() bool { return t.Attempt.Notes[noteAgain] != "" }

// Asked tells whether the application started this action (kc_action): the user may then cancel it.
func (t *Turn) Asked(action string) bool { return t.Attempt.Request.Action == action }

// SetCookie changes a cookie with the answer.
func (t *Turn) SetCookie(c Cookie) { t.set = append(t.set, c) }

// Realm is the realm that is asked.
func (t *Turn) Realm() *realm.Realm { return t.At.Realm }

// URL is the realm's address, as "https://id.example/realms/shop", with what follows.
func (t *Turn) URL(below string) string { return t.At.Realm.Issuer(t.At.Base) + below }

// FormURL is where the page's form goes: the attempt's path, with its session code and tab. It is good for one
// submission.
func (t *Turn) FormURL() string { return t.PathURL(t.Attempt.Path) }

// PathURL is FormURL for another path of the attempt, as login.Registration.
func (t *Turn) PathURL(p login.Path) string {
	a := t.Attempt
	q := url.Values{"session_code": {a.Code}, "execution": {a.Execution}, "client_id": {a.Request.Client}, "tab_id": {a.Tab}, "client_data": {clientData(&a.Request)}}
	return t.URL("/login-actions/" + string(p) + "?" + q.Encode())
}

// TabURL is the address of a path in the tab without a session code: it shows the page, and does nothing.
func (t *Turn) TabURL(p login.Path) string {
	q := t.TabQuery()
	return t.URL("/login-actions/" + string(p) + "?" + q.Encode())
}

// TabQuery are the parameters of TabURL.
func (t *Turn) TabQuery() url.Values {
	a := t.Attempt
	return url.Values{"client_id": {a.Request.Client}, "tab_id": {a.Tab}, "client_data": {clientData(&a.Request)}}
}

// Knows tells whether there is a page for a required action.
func (a *Authorizer) Knows(alias string) bool { return find(a.Actions, alias) != nil }
