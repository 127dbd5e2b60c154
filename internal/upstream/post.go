package upstream

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Post sends a text to an address, and gives the status of the answer. The body of the answer is not looked
// at.
func (c *Client) Post(ctx context.Context, address, text string) (status int, err error) {
	return c.post(ctx, address, "text/plain", text)
}

// PostForm is Post of a form.
func (c *Client) PostForm(ctx context.Context, address string, form url.Values) (status int, err error) {
	return c.post(ctx, address, "application/x-www-form-urlencoded", form.Encode())
}

func (c *Client) post(ctx context.Context, address, kind, body string) (status int, err error) {
	req, err := request(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", kind)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxHeader) // so that the connection can be used again
	return resp.StatusCode, nil
}
