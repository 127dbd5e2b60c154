package users

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) sessions(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	all, err := d.Sessions.Of(r.Context(), r.Realm, session.Query{User: a.User.ID}, r.Author.Now)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	for _, s := range all {
		out = append(out, keycloak.FromSession(r.Realm, s.Session, s.Grants))
	}
	return rest.JSON(w, out)
}

// offlineSessions lists the user's offline sessions in which a client holds a token.
func (d Deps) offlineSessions(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	client := r.Realm.ClientByKey(r.PathValue("client"))
	if client == nil {
		return rest.NotFound("Client not found")
	}
	all, err := d.Sessions.Of(r.Context(), r.Realm, session.Query{User: a.User.ID, Client: client.Key, Offline: true}, r.Author.Now)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	for _, s := range all {
		out = append(out, keycloak.FromClientSession(r.Realm, s.Session, s.Grants, client.Key))
	}
	return rest.JSON(w, out)
}

func (d Deps) logout(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return rest.Done(w, d.Sessions.SignOut(r.Context(), r.Author, r.Realm, a.User.ID))
}
