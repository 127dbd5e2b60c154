package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// request makes a request to an address that configuration or somebody else named.
func request(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errScheme
	}
	return http.NewRequestWithContext(ctx, method, u.String(), body)
}

// answer is what came back, its body read whole.
type answer struct {
	status int
	kind   string // Content-Type
	body   []byte
}

// do sends a request and reads the answer, whatever its status.
func do(c *http.Client, req *http.Request) (answer, error) {
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, withoutQuery(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSize+1))
	if err != nil {
		return answer{}, err
	}
	if len(body) > maxSize {
		return answer{}, errSize
	}
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), body}, nil
}

// withoutQuery is an error of an HTTP client without the query of the address: tokens may be in it.
func withoutQuery(err error) error {
	failed, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	address, _, _ := strings.Cut(failed.URL, "?")
	return &url.Error{Op: failed.Op, URL: address, Err: failed.Err}
}

// get fetches a document of JSON.
func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	req, err := request(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	a, err := do(c.http, req)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: status %d", req.URL.Redacted(), a.status)
	}
	return a.body, nil
}
