package oidc

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// keepLocale tells the browser which language the user reads, for pages that come before the next
// sign-in. Keycloak: cookie KEYCLOAK_LOCALE.
func keepLocale(w http.ResponseWriter, c call, locale string) {
	render.SetCookie(w, c.realm.Issuer(c.caller.Base), http.Cookie{Name: "KEYCLOAK_LOCALE", Value: locale, HttpOnly: true})
}
