// Package shop is what the services of the example share: how they are started, how one asks the next, and how each tells
// what the token said that it was called with.
package shop

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
)

// Setting is an environment variable, or what holds where it is not set.
func Setting(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// Issuer is the realm whose tokens the services take, and whose tokens they ask for.
func Issuer() string { return Setting("ISSUER", "http://localhost:8080/realms/shop") }

// Client calls another service: it exchanges the token of the request that is being served for one that this service accepts, with
// the scopes that it asks for. The client id of the caller is that of the realm file, and so is its secret where CLIENT_SECRET is
// not set.
func Client(caller, audience, origin string, scopes ...string) (*http.Client, error) {
	c, err := brokerclient.New(Issuer(), brokerclient.SecretBasic(caller, Setting("CLIENT_SECRET", caller+"-secret")))
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &brokerclient.Transport{
		Origin: origin, Source: c.NewSource(), Subject: bearer.TokenFromContext, Audience: []string{audience}, Scope: scopes,
	}}, nil
}

// Serve answers requests at an address until the process ends, and returns why it cannot. LISTEN is another address.
func Serve(address string, h http.Handler) error {
	l, err := net.Listen("tcp", Setting("LISTEN", address))
	if err != nil {
		return err
	}
	slog.Info("listening", "address", l.Addr().String())
	s := http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.Serve(l)
}

// Answer is what each service answers, and Order one of those in it.
type (
	Answer struct {
		Orders []Order `json:"orders,omitempty"`
		Due    int     `json:"due"` // in cents
		Trail  []Stop  `json:"trail"`
	}
	Order struct {
		Item  string `json:"item"`
		Price int    `json:"price"` // in cents
	}
)

// Stop is a service on the way of a request, and what the token said that it was called with.
type Stop struct {
	At       string   `json:"at"`
	User     string   `json:"user"`   // sub: the same all along
	Audience []string `json:"aud"`    // whom the token is for: this service, and nobody else
	Client   string   `json:"client"` // azp: who got the token, and called with it
	Path     []string `json:"path"`   // exchange_path: whose tokens it was exchanged from, the first one first
}

// Here is the stop of a request that bearer let pass.
func Here(at string, r *http.Request) Stop {
	caller, _ := bearer.FromContext(r.Context())
	s := Stop{At: at, User: caller.Subject, Audience: caller.Audience, Client: caller.Client, Path: []string{}}
	for _, hop := range caller.Path {
		s.Path = append(s.Path, hop.Client)
	}
	return s
}

// Ask asks another service. What it answers is an error where it is no success; one of the token endpoint is a *brokerclient.Error.
func Ask(ctx context.Context, c *http.Client, address string) (a Answer, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return a, err
	}
	resp, err := c.Do(q)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s answers %s", address, resp.Status)
	}
	return a, json.NewDecoder(resp.Body).Decode(&a)
}

// Reply sends what a service has to say. Where the next one could not be asked that is 502, and the log has the reason; where it is that the
// caller's own token ended before its time, as by a sign-out, 401, and they sign in again.
func Reply(w http.ResponseWriter, r *http.Request, a Answer, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	switch { // whom the answer is for may have gone
	case err == nil:
		_ = json.NewEncoder(w).Encode(a)
	case errors.Is(err, brokerclient.ErrSubject):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="The token ended before its time"`)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_token","error_description":"The token ended before its time"}`))
	default:
		slog.ErrorContext(r.Context(), "the next service cannot be asked", "error", err)
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte(`{"error":"the next service cannot be asked"}`))
	}
}
