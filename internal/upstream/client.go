package upstream

import (
	"context"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Config says how to fetch. The zero value is strict.
type Config struct {
	AllowPrivate bool             // private, loopback and link-local addresses may be fetched from
	Now          func() time.Time // time.Now where nil
}

// Client fetches and remembers. It is safe for concurrent use.
type Client struct {
	config Config
}

// New makes a client.
func New(c Config) *Client { return &Client{config: c} }

// Keys are the keys published at a URL (RFC 7517 §5). They are remembered; a set that lacks kid is
// fetched again, but not more often than every ten seconds.
func (c *Client) Keys(ctx context.Context, url, kid string) ([]jose.JSONWebKey, error) {
	panic("provisional")
}
