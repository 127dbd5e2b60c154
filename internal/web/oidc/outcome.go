package oidc

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// uncached is on the pages of a sign-in, and on what leads on from them.
var uncached = []string{"no-store, must-revalidate, max-age=0"}

// show answers a browser.
func (s *site) show(w http.ResponseWriter, r *http.Request, c call, o *authorize.Outcome) error {
	status := o.Status
	if o.Page != nil {
		if status == 0 {
			status = http.StatusOK
		}
		setCookies(w, c, o.Cookies)
		return s.Pages.Show(w, r, status, pages.View{Realm: c.realm, Base: c.caller.Base, Locale: strings.Join(o.Locales, " ")}, o.Page)
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
	issuer, err := url.Parse(c.realm.Issuer(c.caller.Base))
	if err != nil {
		return // a base is made by us or was checked at start
	}
	for _, k := range cookies {
		cookie := http.Cookie{Name: k.Name, Path: issuer.EscapedPath() + "/", MaxAge: -1} // as Keycloak clears it
		if !k.Clear {
			cookie.Value, cookie.HttpOnly, cookie.MaxAge = k.Value, k.HTTPOnly, int(k.MaxAge.Seconds())
			cookie.Secure, cookie.SameSite = trustworthy(issuer), sameSite(issuer)
		}
		http.SetCookie(w, &cookie)
	}
}

// sameSite lets cookies into other sites' frames where browsers allow that: with Secure only.
func sameSite(issuer *url.URL) http.SameSite {
	if trustworthy(issuer) {
		return http.SameSiteNoneMode
	}
	return http.SameSiteLaxMode
}

// isCallers tells whether an error is the caller's own.
func isCallers(err error) bool {
	_, ok := errors.AsType[*oauth.Error](err)
	return ok
}
