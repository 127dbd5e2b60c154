// Package push tells clients what they cannot know, at their admin URL: Keycloak's adapters listen there.
package push

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// Pusher tells clients. All fields are required.
type Pusher struct {
	Keys   Signer
	Post   Poster
	Record Recorder
}

// Recorder keeps admin events of what changes nothing.
type Recorder interface {
	Append(ctx context.Context, audit []event.Admin) error
}

// Signer signs with the keys of realms.
type Signer interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
}

// Poster sends a text to an address, and gives the status of the answer.
type Poster interface {
	Post(ctx context.Context, address, text string) (status int, err error)
}

// Client is who is told.
type Client struct {
	*realm.Client
	Realm *realm.Realm
	Base  string           // the server's URL as the caller reaches it
	Nodes map[string]int64 // where it runs: host → Unix seconds of registration

	// Timeout is how long a registration counts, in seconds; for ever where it is not positive.
	Timeout int64
}

// Reached are the addresses that answered as they should, and those that did not.
type Reached struct {
	Succeeded []string `json:"successRequests,omitempty"`
	Failed    []string `json:"failedRequests,omitempty"`
}

// Test asks each of a client's nodes whether it is there.
func (p *Pusher) Test(ctx context.Context, author audit.Author, c Client) (Reached, error) {
	reached, err := p.tell(ctx, author, c, "k_test_available", token.Object{{Name: "action", Value: "TEST_AVAILABILITY"}})
	if err != nil {
		return reached, err
	}
	return reached, p.Record.Append(ctx, author.Of(c.Realm, audit.Action, "CLUSTER_NODE", "clients/"+c.Key+"/test-nodes-available", reached))
}

// Revoke tells a client that tokens issued before its time, or its realm's, count no more.
func (p *Pusher) Revoke(ctx context.Context, author audit.Author, c Client) (Reached, error) {
	reached, err := p.tell(ctx, author, c, "k_push_not_before", token.Object{{Name: "action", Value: "PUSH_NOT_BEFORE"},
		{Name: "notBefore", Value: max(c.NotBefore, c.Realm.NotBefore)}})
	if err != nil {
		return reached, err
	}
	return reached, p.Record.Append(ctx, author.Of(c.Realm, audit.Action, "CLIENT", "clients/"+c.Key+"/push-revocation", nil))
}

// validity is how long an order may be on its way.
const validity = 30 * time.Second

// tell sends an order, signed by the realm, to each of a client's addresses.
func (p *Pusher) tell(ctx context.Context, author audit.Author, c Client, path string, order token.Object) (Reached, error) {
	var out Reached
	for _, address := range c.addresses(author.Now) {
		claims := token.Claims{Other: append(token.Object{{Name: "id", Value: author.NewID()},
			{Name: "expiration", Value: author.Now.Add(validity).Unix()}, {Name: "resource", Value: c.ID}}, order...)}
		signed, err := p.Keys.Sign(ctx, c.Realm, "", "JWT", &claims)
		if err != nil {
			return out, err
		}
		status, err := p.Post.Post(ctx, strings.TrimSuffix(address, "/")+"/"+path, signed)
		if err == nil && status/100 == 2 {
			out.Succeeded = append(out.Succeeded, address)
		} else {
			out.Failed = append(out.Failed, address)
		}
	}
	return out, nil
}

// host stands in an admin URL for the host of each node.
const host = "${application.session.host}"

// addresses are where the client listens; none where it has no admin URL.
func (c Client) addresses(now time.Time) []string {
	admin := c.AdminURL
	if admin == "" {
		return nil
	}
	if strings.HasPrefix(admin, "/") {
		admin = strings.TrimSuffix(c.RootURL, "/") + admin
	}
	for _, placeholder := range []string{"${authBaseUrl}", "${authAdminUrl}"} {
		admin = strings.ReplaceAll(admin, placeholder, c.Base)
	}
	if !strings.Contains(admin, host) {
		return []string{admin}
	}
	var out []string
	for node, since := range c.Nodes {
		if c.Timeout <= 0 || since+c.Timeout >= now.Unix() {
			out = append(out, strings.ReplaceAll(admin, host, url.PathEscape(node)))
		}
	}
	slices.Sort(out)
	return out
}
