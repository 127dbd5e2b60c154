package kcadm

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Client sends requests to a server.
type Client struct {
	http *http.Client
}

// NewClient trusts the certificates in roots, or those that the system trusts where it is nil.
func NewClient(roots *x509.CertPool) *Client { return newClient(&tls.Config{RootCAs: roots}) }

// NewInsecureClient believes every certificate, and so talks to whoever answers.
func NewInsecureClient() *Client { return newClient(&tls.Config{InsecureSkipVerify: true}) }

func newClient(t *tls.Config) *Client {
	transport := &http.Transport{TLSClientConfig: t, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second}
	return &Client{&http.Client{Transport: transport, CheckRedirect: followReads}}
}

// followReads follows redirections of GET alone: another method would lose its body, or be done elsewhere.
func followReads(_ *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet || len(via) > 10 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Headers are headers of a request, by name.
type Headers struct{ values map[string]string }

// Set sets a header.
func (h *Headers) Set(name, value string) {
	if h.values == nil {
		h.values = map[string]string{}
	}
	h.values[http.CanonicalHeaderKey(name)] = value
}

// Default sets a header that is not set.
func (h *Headers) Default(name, value string) {
	if _, ok := h.values[http.CanonicalHeaderKey(name)]; !ok {
		h.Set(name, value)
	}
}

// Get is a header's value, empty where it is not set.
func (h *Headers) Get(name string) string { return h.values[http.CanonicalHeaderKey(name)] }

// Answer is what a server answered.
type Answer struct {
	Code   int
	Status string // as "HTTP/1.1 200 OK"
	Header http.Header
	Body   []byte
}

// JSON tells whether the body says of itself that it is JSON.
func (a *Answer) JSON() bool {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(kind) == "application/json"
}

// Lines are the headers as text, ordered by name.
func (a *Answer) Lines() []string {
	var out []string
	for name, values := range a.Header {
		out = append(out, name+": "+values[len(values)-1])
	}
	slices.Sort(out)
	return out
}

// Do sends a request. A nil body is none.
func (c *Client) Do(ctx context.Context, method, address string, h Headers, body []byte) (*Answer, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	q, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	singleSlashes(q.URL)
	for name, value := range h.values {
		q.Header.Set(name, value)
	}
	resp, err := c.http.Do(q)
	if err != nil {
		return nil, bare(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &Answer{Code: resp.StatusCode, Status: resp.Proto + " " + resp.Status, Header: resp.Header, Body: text}, nil
}

// singleSlashes makes one of slashes that follow each other, as kcadm does: servers refuse a path that has two, as of
// "get /users".
func singleSlashes(u *url.URL) {
	escaped := slashes.ReplaceAllString(u.EscapedPath(), "/")
	u.Path, _ = url.PathUnescape(escaped) // it was unescaped before
	u.RawPath = escaped
}

var slashes = regexp.MustCompile("//+")

// bare is an error of the connection without the address, which may carry secrets in its query.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// Refused is an answer that is no success.
type Refused struct {
	Code    int
	Message string
}

func (r *Refused) Error() string { return r.Message }

// Check is nil for a success. Otherwise it is *Refused, with what the body says, or that nothing is at the address.
func (a *Answer) Check(address string) error {
	if a.Code == http.StatusNotFound {
		return &Refused{a.Code, "Resource not found for url: " + address}
	}
	return a.Refusal()
}

// Refusal is nil for a success. Otherwise it is *Refused, with what the body says.
func (a *Answer) Refusal() error {
	if a.Code >= 200 && a.Code < 300 {
		return nil
	}
	return &Refused{a.Code, a.Reason()}
}

// Reason is what the body gives as reason, else the status.
func (a *Answer) Reason() string {
	v, _ := Parse(a.Body)
	o, ok := v.(*Object)
	if !ok {
		o = NewObject()
	}
	code := o.Text("error")
	_, described := o.Get("error_description")
	switch {
	case o.Text("errorMessage") != "":
		return o.Text("errorMessage")
	case code != "" && described:
		return o.Text("error_description") + " [" + code + "]"
	case code != "":
		return code
	}
	_, status, _ := strings.Cut(a.Status, " ")
	return "HTTP error - " + status
}

// Base is a server's URL as addresses begin with it. Sessions are kept under the URL as it was typed.
func Base(server string) string { return strings.TrimSuffix(server, "/") }

// Resource is the address of a resource: a URI that begins with realms, or is serverinfo, lies below the root of
// the administration, a whole address is as it is, and any other lies in the realm.
func Resource(root, realm, uri string) (string, error) {
	switch {
	case strings.HasPrefix(uri, "http:"), strings.HasPrefix(uri, "https:"):
		return uri, nil
	case uri == "realms", strings.HasPrefix(uri, "realms/"), strings.HasPrefix(uri, "realms?"), uri == "serverinfo", strings.HasPrefix(uri, "serverinfo?"):
		return strings.TrimSuffix(root, "/") + "/" + uri, nil
	case realm == "":
		return "", errors.New("No realm specified. Use --target-realm, or --realm")
	}
	return strings.TrimSuffix(root, "/") + "/realms/" + url.PathEscape(realm) + "/" + uri, nil
}

// Parameter is a parameter of a query.
type Parameter struct{ Name, Value string }

// WithQuery adds parameters to an address.
func WithQuery(address string, parameters ...Parameter) string {
	for _, p := range parameters {
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		address += separator + p.Name + "=" + url.QueryEscape(p.Value)
	}
	return address
}

// Noun is what a collection holds, by the last part of its address without its last s.
func Noun(address string) string { return strings.TrimSuffix(LastPart(address), "s") }

// LastPart is the last part of an address, without its query.
func LastPart(address string) string {
	path, _, _ := strings.Cut(address, "?")
	path = strings.TrimSuffix(path, "/")
	return path[strings.LastIndex(path, "/")+1:]
}
