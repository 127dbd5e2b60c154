package oidc

import (
	"net/http"
	"net/netip"
	"net/url"
)

// keepLocale tells the browser which language the user reads, for pages that come before the next
// sign-in. Keycloak: cookie KEYCLOAK_LOCALE.
func keepLocale(w http.ResponseWriter, c call, locale string) {
	base, err := url.Parse(c.caller.Base)
	if err != nil {
		return // a base is made by us or was checked at start
	}
	cookie := http.Cookie{Name: "KEYCLOAK_LOCALE", Value: locale, HttpOnly: true,
		Path: base.Path + "/realms/" + url.PathEscape(c.realm.Name) + "/"}
	if trustworthy(base) {
		cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
	} else {
		cookie.SameSite = http.SameSiteLaxMode
	}
	http.SetCookie(w, &cookie)
}

// trustworthy tells whether browsers treat the address as secure: TLS, or this machine
// (Secure Contexts §3.1).
func trustworthy(u *url.URL) bool {
	if u.Scheme == "https" || u.Hostname() == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback()
}
