package clients

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

const (
	online  = false
	offline = true
)

// mostSessions is how many sessions are listed where the caller does not say.
const mostSessions = 100

// countSessions answers in how many sessions a client takes part.
func (d Deps) countSessions(offline bool) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		n, err := d.Sessions.CountSessions(r.Context(), r.Realm.Key, session.Query{Client: c.Key, Offline: offline})
		if err != nil {
			return err
		}
		return rest.JSON(w, map[string]int{"count": n})
	}
}

// sessions answers the sessions that a client takes part in, to those who may see users.
func (d Deps) sessions(offline bool) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		page, err := r.Page(mostSessions)
		if err != nil {
			return err
		}
		out := []keycloak.Object{}
		if !r.May(permit.ToViewUsers) {
			return rest.JSON(w, out)
		}
		found, err := d.Sessions.FindSessions(r.Context(), r.Realm.Key, session.Query{Client: c.Key, Offline: offline}, page.First, page.Max)
		if err != nil {
			return err
		}
		for _, s := range found {
			grants, err := d.Sessions.Grants(r.Context(), r.Realm.Key, s.ID, offline)
			if err != nil {
				return err
			}
			out = append(out, represent(r.Realm, s, grants, c, offline))
		}
		return rest.JSON(w, out)
	}
}

// represent is a session in a client's list. Of offline sessions it tells when the client was last there.
func represent(r *realm.Realm, s session.Session, grants []session.Grant, c *realm.Client, offline bool) keycloak.Object {
	if offline {
		return keycloak.FromClientSession(r, s, grants, c.Key)
	}
	return keycloak.FromSession(r, s, grants)
}
