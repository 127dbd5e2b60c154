package users

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// consents lists what the user allowed clients: scopes, and offline tokens as additional grants.
func (d Deps) consents(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	all, err := d.Consents.Of(r.Context(), r.Realm, &a.User, r.Author.Now)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	for _, allowed := range all {
		out = append(out, keycloak.FromConsent(r.Realm, allowed.Client, allowed.Consent, allowed.Offline))
	}
	return rest.JSON(w, out)
}

func (d Deps) revoke(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	client := r.Realm.Client(r.PathValue("client"))
	if client == nil {
		return rest.NotFound("Client not found")
	}
	return rest.Done(w, d.Consents.Revoke(r.Context(), r.Author, r.Realm, &a.User, client))
}
