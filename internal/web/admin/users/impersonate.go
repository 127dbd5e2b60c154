package users

import (
	"net/http"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// impersonate signs the caller's browser in as the user, by the cookies of a sign-in.
func (d Deps) impersonate(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	made, err := d.Impersonator.Impersonate(r.Context(), r.Author, r.Realm, r.Administrator, &a.User)
	if err != nil {
		return err
	}
	for _, c := range made.Cookies {
		render.SetCookie(w, r.Realm.Issuer(r.Base), http.Cookie{Name: c.Name, Value: c.Value, HttpOnly: c.HTTPOnly, MaxAge: int(c.MaxAge / time.Second)})
	}
	return rest.JSON(w, map[string]any{"sameRealm": made.SameRealm, "redirect": r.Base + "/realms/" + url.PathEscape(r.Realm.Name) + "/account"})
}
