package registration

import (
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// initial is a permission to register clients. Times are seconds.
type initial struct {
	ID         string `json:"id"`
	Token      string `json:"token,omitempty"` // told once
	Timestamp  int64  `json:"timestamp"`
	Expiration int64  `json:"expiration"`
	Count      int    `json:"count"`
	Remaining  int    `json:"remainingCount"`
}

func represent(a realm.InitialAccess, token string) initial {
	return initial{a.Key, token, a.Created.Unix(), int64(a.Expires / time.Second), a.Count, a.Remaining}
}

func (d Deps) listInitial(w http.ResponseWriter, r *rest.Request) error {
	all, err := d.Registrar.InitialAccesses(r.Context(), r.Realm)
	if err != nil {
		return err
	}
	out := []initial{}
	for _, a := range all {
		out = append(out, represent(a, ""))
	}
	return rest.JSON(w, out)
}

func (d Deps) createInitial(w http.ResponseWriter, r *rest.Request) error {
	o, err := r.Body("ClientInitialAccessCreatePresentation")
	if err != nil {
		return err
	}
	made, token, err := d.Registrar.NewInitialAccess(r.Context(), r.Author, r.Realm, r.Base, o)
	if err != nil {
		return err
	}
	w.Header().Set("Location", address(r)+"/"+made.Key)
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return render.JSON(w, http.StatusCreated, represent(made, token))
}

func (d Deps) dropInitial(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Registrar.DropInitialAccess(r.Context(), r.Author, r.Realm, r.PathValue("id")))
}

// newToken answers a client with a new registration access token.
func (d Deps) newToken(w http.ResponseWriter, r *rest.Request) error {
	c, err := r.Client()
	if err != nil {
		return err
	}
	token, err := d.Registrar.NewToken(r.Context(), r.Author, r.Realm, r.Base, c.Key)
	if err != nil {
		return err
	}
	with := *c
	if with.Extra, err = d.Kept.Extra(r.Context(), r.Realm.Key, realm.KindClient, c.Key); err != nil {
		return err
	}
	o := keycloak.ShowClient(r.Realm, &with)
	o.Put("registrationAccessToken", token)
	return rest.JSON(w, o)
}
