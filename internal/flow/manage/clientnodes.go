package manage

import (
	"context"
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

const nodeResource = "CLUSTER_NODE"

// AddNode registers a node of a client that runs as a cluster, by its host.
func (c *Clients) AddNode(ctx context.Context, author audit.Author, realmName, key, node string) error {
	if err := realm.CheckReserved(node); err != nil {
		return err
	}
	return c.editNodes(ctx, realmName, key, func(d *realm.Draft, nodes map[string]int64) ([]event.Admin, error) {
		nodes[node] = author.Now.Unix()
		return author.Of(d.Realm(), audit.Create, nodeResource, clientPath(key, "nodes", node), nil), nil
	})
}

// DropNode removes a node that was registered.
func (c *Clients) DropNode(ctx context.Context, author audit.Author, realmName, key, node string) error {
	return c.editNodes(ctx, realmName, key, func(d *realm.Draft, nodes map[string]int64) ([]event.Admin, error) {
		if _, ok := nodes[node]; !ok {
			return nil, &fault.NotFound{Message: "Client does not have node "}
		}
		delete(nodes, node)
		return author.Of(d.Realm(), audit.Delete, nodeResource, clientPath(key, "nodes", node), nil), nil
	})
}

func (c *Clients) editNodes(ctx context.Context, realmName, key string, change func(d *realm.Draft, nodes map[string]int64) ([]event.Admin, error)) error {
	return c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		nodes := keycloak.Nodes(client.Extra)
		record, err := change(d, nodes)
		if err != nil {
			return nil, err
		}
		client.Extra = maps.Clone(client.Extra)
		keycloak.PutNodes(client.Extra, nodes)
		return record, nil
	})
}
