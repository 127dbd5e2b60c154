package oidc

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// uncached is on the pages of a sign-in, and on what leads on from them.
var uncached = []string{"no-store, must-revalidate, max-age=0"}

// soon is in how many seconds to try again what could not be looked at.
var soon = []string{"1"}

// show answers a browser.
func (s *site) show(w http.ResponseWriter, r *http.Request, c call, o *authorize.Outcome) error {
	status := o.Status
	if o.Begun {
		w.Header()["Cache-Control"] = uncached
	}
	if o.Page != nil {
		if status == 0 {
			status = http.StatusOK
		}
		if status == http.StatusServiceUnavailable {
			w.Header()["Retry-After"] = soon
		}
		setCookies(w, c, o.Cookies)
		return s.Pages.Show(w, r, status, pages.View{Realm: c.realm, Base: c.caller.Base, Wishes: o.Wishes}, o.Page)
	}
	if status == 0 {
		status = http.StatusFound // never 307, which would send passwords along (RFC 9700 §4.12)
	}
	setCookies(w, c, o.Cookies)
	h := w.Header()
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = uncached
	}
	h.Set("Location", o.Redirect)
	render.NoBody(w, status)
	return nil
}

// setCookies writes changes of cookies. They are for the realm alone, and for other sites' frames: that is how
// applications ask silently whether somebody is signed in.
func setCookies(w http.ResponseWriter, c call, cookies []authorize.Cookie) {
	issuer := c.realm.Issuer(c.caller.Base)
	for _, k := range cookies {
		if k.Clear {
			clearCookie(w, issuer, k.Name)
			continue
		}
		render.SetCookie(w, issuer, http.Cookie{Name: k.Name, Value: k.Value, HttpOnly: k.HTTPOnly, MaxAge: int(k.MaxAge.Seconds())})
	}
}

// clearCookie has the browser forget a cookie, without attributes, as Keycloak clears it.
func clearCookie(w http.ResponseWriter, issuer, name string) {
	if u, err := url.Parse(issuer); err == nil { // it was made by us, or checked at start
		http.SetCookie(w, &http.Cookie{Name: name, Path: u.EscapedPath() + "/", MaxAge: -1})
	}
}

// isCallers tells whether an error is the caller's own.
func isCallers(err error) bool {
	_, ok := errors.AsType[*oauth.Error](err)
	return ok
}
