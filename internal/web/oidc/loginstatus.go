package oidc

import (
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// loginStatus is the page that applications have in a frame to learn of a sign-out (OpenID Connect Session
// Management 1.0 §3.3). A version in the address names files of one release of Keycloak; ours is none.
func (s *site) loginStatus(w http.ResponseWriter, r *http.Request, c call) error {
	if r.URL.Query().Has("version") {
		pages.Unframe(w.Header())
		render.NoBody(w, http.StatusNotFound)
		return nil
	}
	return s.embed(pages.LoginStatus)(w, r, c)
}

// embed shows an embedded page.
func (s *site) embed(e pages.Embedded) handler {
	return func(w http.ResponseWriter, r *http.Request, c call) error {
		return s.Pages.Embed(w, r, pages.View{Realm: c.realm, Base: c.caller.Base}, e)
	}
}

// mayAskStatus tells the page of loginStatus whether the application around it may ask: by 204, or 403.
func (s *site) mayAskStatus(w http.ResponseWriter, r *http.Request, c call) error {
	q := r.URL.Query()
	origin, status := q.Get("origin"), http.StatusForbidden
	client := c.realm.Client(q.Get("client_id"))
	if client != nil && client.Enabled && origin != "" &&
		(origin == realm.OriginOf(c.caller.Base) || client.AllowsOrigin(c.caller.Base, origin) ||
			len(client.WebOrigins) == 0 && slices.Contains(client.RedirectOrigins(c.caller.Base), origin)) {
		status = http.StatusNoContent
	}
	render.NoBody(w, status)
	return nil
}
