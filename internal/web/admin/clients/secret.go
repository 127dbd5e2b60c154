package clients

import (
	"errors"
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// secret answers a client's secret. That of a confidential client that has none is empty.
func (d Deps) secret(w http.ResponseWriter, _ *rest.Request, c *realm.Client) error {
	o := keycloak.Secret(c.Secret)
	if c.Secret == "" && !c.Public {
		o.Put("value", "")
	}
	return rest.JSON(w, o)
}

func (d Deps) newSecret(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	secret, err := d.Clients.NewSecret(r.Context(), r.Author, r.Realm.Name, c.Key)
	if err != nil {
		return refused(err)
	}
	return rest.JSON(w, keycloak.Secret(secret))
}

// rotatedSecret answers the secret before, as long as it works.
func (d Deps) rotatedSecret(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	if c.RotatedSecret == "" || expired(c.RotatedUntil, r.Author.Now) {
		return rest.NotFound("Client does not have a rotated secret")
	}
	return rest.JSON(w, keycloak.Secret(c.RotatedSecret))
}

func expired(until, now time.Time) bool { return !until.IsZero() && !now.Before(until) }

func (d Deps) dropRotatedSecret(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	return rest.Done(w, d.Clients.DropRotatedSecret(r.Context(), r.Author, r.Realm.Name, c.Key))
}

// serviceAccount answers the user that stands for a client.
func (d Deps) serviceAccount(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	u, err := d.Clients.ServiceAccount(r.Context(), r.Author, r.Realm, c)
	if errors.Is(err, fault.ErrNotFound) {
		return &render.Status{Code: http.StatusBadRequest, Text: "Service account not enabled for the client '" + c.ID + "'"}
	}
	if err != nil {
		return err
	}
	return rest.JSON(w, keycloak.ShownUser(u, u.Attributes, false))
}
