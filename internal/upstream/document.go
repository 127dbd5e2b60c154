package upstream

import "context"

// Document fetches a JSON document that somebody names, once and without remembering it.
func (c *Client) Document(ctx context.Context, url string) ([]byte, error) { return c.get(ctx, url) }
