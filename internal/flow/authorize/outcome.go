package authorize

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// Outcome is the answer to a browser: exactly one of Page and Redirect. An answer that the browser posts to
// the client is a page.FormPost.
type Outcome struct {
	Page     page.Page // shown with Status
	Redirect string    // URL
	Status   int       // HTTP status; zero: 200 of a page, 302 of a redirect
	Cookies  []Cookie
	Wishes   locale.Wishes // of the language of Page
	Begun    bool          // a sign-in was begun, though it may have ended at once: nobody may keep the answer
}

// Field is a parameter of an answer. Their order is kept.
type Field struct{ Name, Value string }

// Cookie is a change of a cookie of the realm: its path is that of the realm, and it is always Secure
// and SameSite=None.
type Cookie struct {
	Name, Value string
	MaxAge      time.Duration // zero: until the browser closes
	HTTPOnly    bool
	Clear       bool // the browser is to forget it
}

// The cookies of a realm, by Keycloak's names.
const (
	CookieBrowser  = "AUTH_SESSION_ID"      // names the login.Browser
	CookieHash     = "KC_AUTH_SESSION_HASH" // tells a page's script that another tab signed in
	CookieRestart  = "KC_RESTART"           // begins an attempt again that is gone
	CookieIdentity = "KEYCLOAK_IDENTITY"    // who is signed in
	CookieSession  = "KEYCLOAK_SESSION"     // the same for the status iframe, not as a proof
	CookieRemember = "KEYCLOAK_REMEMBER_ME" // the name to fill in
	CookieLocale   = "KEYCLOAK_LOCALE"      // the language that was chosen
)

// Cookies are those that a browser sent, by name. Of several with a name it is the first.
type Cookies map[string]string

// ResultKind is what became of a form.
type ResultKind int

const (
	Again     ResultKind = iota // show Result.Page: something is wrong, or there is more to ask
	Done                        // go on to the next step
	Cancelled                   // the user does not want to: of a required action that the application started
	Failed                      // it cannot be done: the application that started the required action is told
	Refused                     // the attempt ends: the client is told Result.Refusal
	Elsewhere                   // the browser leaves for Result.Redirect, as to an identity provider
	Back                        // to the sign-in page, which says Result.Notice
)

// Result is what an Action made of a form.
type Result struct {
	Kind     ResultKind
	Page     page.Page     // with Again
	Status   int           // of Page; zero: 200
	Refusal  *oauth.Error  // with Refused
	Redirect string        // with Elsewhere
	Notice   page.Notice   // with Back
	Errand   *login.Errand // with Done, of a link: Turn.User begins it, in an attempt of its own
}
