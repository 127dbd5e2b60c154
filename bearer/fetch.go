package bearer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	fetchTime = 10 * time.Second // to connect, ask and read
	maxAnswer = 1 << 20          // of a document of the issuer's, in bytes
)

// fetcher asks the issuer.
type fetcher struct {
	client   *http.Client
	insecure bool
}

// errWait marks what may be over later by itself: no connection, no time, an issuer that has trouble of its own.
var errWait = errors.New("the issuer cannot be reached")

func newFetcher(client *http.Client, insecure bool) *fetcher {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	// Keys come from where they are said to be, or not at all: a redirect might lead out of TLS or to another host.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &fetcher{&own, insecure}
}

// check refuses a URL that keys may not be fetched from: all but https, and http to the machine itself, unless Config.InsecureHTTP.
func (f *fetcher) check(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return fmt.Errorf("%q is no URL of an issuer, or of its documents", address)
	case u.Scheme == "https", u.Scheme == "http" && (f.insecure || loopback(u.Hostname())):
		return nil
	}
	return fmt.Errorf("%s: tokens cannot be trusted by keys that came without TLS (Config.InsecureHTTP allows it, for tests)", address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// get fetches a document.
func (f *fetcher) get(ctx context.Context, address string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return f.do(q)
}

// do sends a request and reads the answer, which must be 200.
func (f *fetcher) do(q *http.Request) ([]byte, error) {
	if err := f.check(q.URL.String()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(q.Context(), fetchTime)
	defer cancel()
	q.Header.Set("Accept", "application/json")
	a, err := f.client.Do(q.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWait, err)
	}
	defer func() { _ = a.Body.Close() }() // it is read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errWait, err)
	case a.StatusCode >= http.StatusInternalServerError, a.StatusCode == http.StatusTooManyRequests:
		return nil, fmt.Errorf("%w: %s answers %s", errWait, q.URL, a.Status)
	case a.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s", q.URL, a.Status)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s is too long", q.URL)
	}
	return body, nil
}
