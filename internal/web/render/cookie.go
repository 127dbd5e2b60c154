package render

import (
	"net/http"
	"net/netip"
	"net/url"
)

// SetCookie sets a cookie of a realm, whose address is that of its issuer. It goes to the realm alone, and into the
// frames of other sites where browsers allow that: with Secure only.
func SetCookie(w http.ResponseWriter, issuer string, c http.Cookie) {
	u, err := url.Parse(issuer)
	if err != nil {
		return // it was made by us, or checked at start
	}
	c.Path, c.SameSite = u.EscapedPath()+"/", http.SameSiteLaxMode
	if trustworthy(u) {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, &c)
}

// trustworthy tells whether browsers treat the address as secure: TLS, or this machine (Secure Contexts §3.1).
func trustworthy(u *url.URL) bool {
	if u.Scheme == "https" || u.Hostname() == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback()
}
