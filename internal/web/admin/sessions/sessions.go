// Package sessions is the administration API of a realm's sessions: how many there are, and their end.
package sessions

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what this noun calls. All fields are required.
type Deps struct {
	Sessions *people.Sessions
	Stats    Stats
}

// Stats counts sessions by client.
type Stats interface {
	SessionStats(ctx context.Context, realmKey string) ([]session.Stat, error)
}

// Routes are the addresses of a realm's sessions.
func Routes(d Deps) []rest.Route {
	return []rest.Route{
		{Method: "GET", Path: "/client-session-stats", Need: permit.ToViewRealm, Handle: d.stats},
		{Method: "DELETE", Path: "/sessions/{session}", Need: permit.ToManageUsers, Handle: d.end},
		{Method: "POST", Path: "/logout-all", Need: permit.ToManageUsers, Handle: d.endAll},
		{Method: "POST", Path: "/push-revocation", Need: permit.ToManageRealm, Handle: d.push},
	}
}

// stats counts the sessions of each client that has some. The numbers are texts, as in Keycloak.
func (d Deps) stats(w http.ResponseWriter, r *rest.Request) error {
	all, err := d.Stats.SessionStats(r.Context(), r.Realm.Key)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	slices.SortFunc(all, func(a, b session.Stat) int { return cmp.Compare(a.Client, b.Client) })
	for _, s := range all {
		client := r.Realm.ClientByKey(s.Client)
		if client == nil || s.Active == 0 && s.Offline == 0 {
			continue
		}
		o := keycloak.Object{}
		o.Put("id", client.Key)
		o.Put("clientId", client.ID)
		o.Put("active", strconv.Itoa(s.Active))
		o.Put("offline", strconv.Itoa(s.Offline))
		out = append(out, o)
	}
	return rest.JSON(w, out)
}

// end ends a session, or with isOffline=true an offline one.
func (d Deps) end(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Sessions.End(r.Context(), r.Author, r.Realm, r.PathValue("session"), r.Flag("isOffline", false)))
}

func (d Deps) endAll(w http.ResponseWriter, r *rest.Request) error {
	if err := d.Sessions.SignOutAll(r.Context(), r.Author, r.Realm); err != nil {
		return err
	}
	return rest.JSON(w, struct{}{})
}

func (d Deps) push(w http.ResponseWriter, r *rest.Request) error {
	if err := d.Sessions.PushRevocation(r.Context(), r.Author, r.Realm); err != nil {
		return err
	}
	return rest.JSON(w, struct{}{})
}
