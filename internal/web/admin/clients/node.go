package clients

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/push"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Nodes are the places where clients run, which hear from us under their admin URL.
type Nodes interface {
	Test(ctx context.Context, author audit.Author, c push.Client) (push.Reached, error)
	Revoke(ctx context.Context, author audit.Author, c push.Client) (push.Reached, error)
}

// addNode registers a node. The body is an object of texts with the member "node".
func (d Deps) addNode(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	settings, err := r.Body("map<str>")
	if err != nil {
		return err
	}
	node := settings.Text("node")
	if strings.TrimSpace(node) == "" {
		return &render.Status{Code: http.StatusBadRequest, Text: "Node not found in params"}
	}
	return rest.Done(w, d.Clients.AddNode(r.Context(), r.Author, r.Realm.Name, c.Key, node))
}

func (d Deps) dropNode(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	return rest.Done(w, d.Clients.DropNode(r.Context(), r.Author, r.Realm.Name, c.Key, r.PathValue("node")))
}

// testNodes answers which of a client's nodes are there.
func (d Deps) testNodes(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	return d.tell(w, r, c, d.Nodes.Test)
}

// pushRevocation tells a client which tokens count no more, and answers where it heard it.
func (d Deps) pushRevocation(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	return d.tell(w, r, c, d.Nodes.Revoke)
}

func (d Deps) tell(w http.ResponseWriter, r *rest.Request, c *realm.Client, order func(context.Context, audit.Author, push.Client) (push.Reached, error)) error {
	kept, err := d.Kept.Extra(r.Context(), r.Realm.Key, realm.KindClient, c.Key)
	if err != nil {
		return err
	}
	reached, err := order(r.Context(), r.Author, push.Client{Client: c, Realm: r.Realm, Base: r.Base, Nodes: keycloak.Nodes(kept),
		Timeout: keycloak.Value[int64](keycloak.Object(kept), "nodeReRegistrationTimeout")})
	if err != nil {
		return err
	}
	return rest.JSON(w, reached)
}
