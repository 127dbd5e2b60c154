package users

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// impersonate signs the caller's browser in as the user, by cookies.
func (d Deps) impersonate(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	made, err := d.Impersonator.Impersonate(r.Context(), r.Author, r.Realm, r.Administrator, &a.User, r.Realm.Issuer(r.Base))
	if err != nil {
		return err
	}
	for _, c := range signedIn(r, made) {
		http.SetCookie(w, c)
	}
	return rest.JSON(w, map[string]any{"sameRealm": made.SameRealm, "redirect": r.Base + "/realms/" + url.PathEscape(r.Realm.Name) + "/account"})
}

// signedIn are the cookies of a browser that is signed in to the realm: one proves it, and one lets pages see
// whether it still is.
func signedIn(r *rest.Request, made *people.Impersonation) []*http.Cookie {
	path := "/"
	if base, err := url.Parse(r.Base); err == nil {
		path = base.EscapedPath() + "/"
	}
	path += "realms/" + url.PathEscape(r.Realm.Name) + "/"
	hash := sha256.Sum256([]byte(made.Session.ID))
	return []*http.Cookie{
		{Name: "KEYCLOAK_IDENTITY", Value: made.Identity, Path: path, HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode},
		{Name: "KEYCLOAK_SESSION", Value: base64.RawURLEncoding.EncodeToString(hash[:]), Path: path, Secure: true, SameSite: http.SameSiteNoneMode,
			MaxAge: int(r.Realm.Lifespans.SessionMax / time.Second)},
	}
}
