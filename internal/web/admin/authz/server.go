package authz

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// server is how the client enforces its policies, without what it consists of.
func server(w http.ResponseWriter, c *call) error {
	return rest.JSON(w, c.server.Overview(c.client))
}

func (d Deps) set(w http.ResponseWriter, c *call) error {
	body, err := c.Body("ResourceServer")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Servers.Set(c.Context(), c.Author, c.Realm, c.client.Key, body))
}

// settings is an export of all that the client has.
func settings(w http.ResponseWriter, c *call) error {
	return rest.JSON(w, c.server.Exported(c.names))
}

func (d Deps) load(w http.ResponseWriter, c *call) error {
	body, err := c.Body("ResourceServer")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Servers.Import(c.Context(), c.Author, c.Realm, c.client.Key, body))
}

// evaluate refuses to decide: what is kept and not acted on decides nothing.
func evaluate(http.ResponseWriter, *call) error {
	return &render.Status{Code: http.StatusNotImplemented, Text: "Feature not enabled", Description: "Authorization services are kept and not acted on"}
}
