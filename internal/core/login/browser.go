package login

import (
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

// Browser is what one browser has begun and not finished. The cookie AUTH_SESSION_ID names it, and a
// session that begins in it gets its id.
type Browser struct {
	ID      string // 24 characters, unguessable
	Started time.Time
	Used    time.Time
	Tabs    []*Attempt  // oldest first
	Leaving []Departure `json:",omitempty"` // oldest first
	Version int64       `json:"-"`          // counted up by every write, so that of two at once one is refused
}

// MaxTabs is how many tabs of a browser are kept, and MaxSize how long their requests may be together, in bytes; the
// oldest is given up for another. All of them are read and written with each request of the browser.
const (
	MaxTabs = 50
	MaxSize = 64 << 10
)

// Tab finds an attempt, or gives nil.
func (b *Browser) Tab(id string) *Attempt {
	for _, a := range b.Tabs {
		if a.Tab == id {
			return a
		}
	}
	return nil
}

// Open adds an attempt, and gives up the oldest where there are too many, or they are too long. The one that is added
// stays.
func (b *Browser) Open(a *Attempt) {
	keep, size := 0, a.Request.size()
	for keep < min(len(b.Tabs), MaxTabs-1) {
		size += b.Tabs[len(b.Tabs)-1-keep].Request.size()
		if size > MaxSize {
			break
		}
		keep++
	}
	b.Tabs = append(slices.Delete(b.Tabs, 0, len(b.Tabs)-keep), a)
}

// Close takes an attempt away.
func (b *Browser) Close(tab string) {
	b.Tabs = slices.DeleteFunc(b.Tabs, func(a *Attempt) bool { return a.Tab == tab })
}

// Path is where an attempt stands: the last word of the address that its forms are sent to, below
// login-actions.
type Path string

const (
	Authenticate    Path = "authenticate"
	Registration    Path = "registration"
	Reset           Path = "reset-credentials"
	FirstBroker     Path = "first-broker-login"
	PostBroker      Path = "post-broker-login"
	RequiredActions Path = "required-action"
	Consent         Path = "consent"
)

// Attempt is one tab of a browser on its way to an answer for its client.
type Attempt struct {
	Tab       string // tab_id
	Request   Request
	Path      Path
	Code      string // session_code that the next form must bring; each works once
	Execution string // what is on the page: a factor's name or a required action's
	Started   time.Time
	Touched   time.Time // when the last page was shown

	User     string   // id, once the user is known; not yet proven unless Passed says so
	Username string   // as typed last, to fill the form again
	Passed   []Factor // what the user proved, oldest first
	Session  string   // id of the session whose user was taken over; empty: none
	Remember bool     // "remember me" was ticked
	Allowed  bool     // the user allowed the client what it asks for
	Origin   *Origin  `json:",omitempty"` // where the user came from; nil: they signed in here

	Errand  *Errand           // nil: the user signs in
	Outcome string            // kc_action_status: what became of Request.Action; empty: nothing yet
	Notes   map[string]string // what factors and actions keep from one request to the next
}

// Origin is where the user of an attempt came from, for their session.
type Origin struct {
	session.Origin
	Notes   map[string]string `json:",omitempty"` // of the session
	AskMore bool              // factors are asked for as after a password
}

// Errand is what a letter leads to: required actions, after which the attempt ends. It signs nobody in.
type Errand struct {
	Actions []string // that are still to be done
	BackURL string   // where a link leads afterwards, checked; empty: nowhere
}

// Did notes that an action was done.
func (e *Errand) Did(action string) {
	e.Actions = slices.DeleteFunc(e.Actions, func(a string) bool { return a == action })
}

// Factor is something that the user proved.
type Factor struct {
	Name string // as FactorPassword
	At   time.Time
}

// Names of factors, as Keycloak names their executions.
const (
	FactorPassword = "auth-username-password-form"
	FactorOTP      = "auth-otp-form"
	FactorPasskey  = "webauthn-authenticator"
	FactorRecovery = "auth-recovery-authn-code-form"

	// FactorPasskeyOnly is a passkey in the place of name and password. Its authenticator verified its user.
	FactorPasskeyOnly = "webauthn-authenticator-passwordless"
	FactorProvider    = "identity-provider" // what an identity provider says; no execution
)

// Has tells whether a factor was passed.
func (a *Attempt) Has(factor string) bool {
	return slices.ContainsFunc(a.Passed, func(f Factor) bool { return f.Name == factor })
}

// Proven tells whether the user proved in this attempt who they are.
func (a *Attempt) Proven() bool { return len(a.Passed) > 0 }

// Rising tells whether the attempt asks for a level of somebody of whom a session says who they are.
func (a *Attempt) Rising() bool { return a.Session != "" && a.Request.Level() > 0 }

// Note keeps a value; an empty one is forgotten.
func (a *Attempt) Note(name, value string) {
	if value == "" {
		delete(a.Notes, name)
		return
	}
	if a.Notes == nil {
		a.Notes = map[string]string{}
	}
	a.Notes[name] = value
}

// Restart takes the attempt back to its beginning: nobody is known and nothing proven. An errand stays one, which
// nobody can go on with.
func (a *Attempt) Restart() {
	*a = Attempt{Tab: a.Tab, Request: a.Request, Started: a.Started, Path: Authenticate, Errand: a.Errand}
}

// Pass notes that the user proved something.
func (a *Attempt) Pass(f Factor) { a.Passed = append(a.Passed, f) }
