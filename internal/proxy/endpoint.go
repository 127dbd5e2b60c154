package proxy

import (
	"errors"
	"net"
	"net/http"
	"net/netip"

	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// endpoints are the gatekeeper's own.
func (g *Gatekeeper) endpoints() *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(methods []string, name string, h render.Handler) {
		for _, method := range methods {
			mux.HandleFunc(method+" "+g.config.Site.endpoint(name), func(w http.ResponseWriter, r *http.Request) {
				if err := h(w, r); err != nil {
					g.refuse(w, r, err)
				}
			})
		}
	}
	get := []string{http.MethodGet}
	handle(get, "authorize", g.authorize)
	handle(get, "callback", g.callback)
	handle([]string{http.MethodGet, http.MethodPost}, "logout", g.logout)
	handle(get, "token", g.showToken)
	handle(get, "expired", g.expired)
	handle(get, "health", g.health)
	handle(get, "ready", g.ready)
	if g.config.Site.Metrics {
		handle(get, "metrics", g.showMetrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.refuse(w, r, refusal.New(http.StatusNotFound, "not_found", "There is nothing here"))
	})
	return mux
}

// showToken tells callers what their token says. The token itself stays where it is.
func (g *Gatekeeper) showToken(w http.ResponseWriter, r *http.Request) error {
	c, err := g.caller(w, r)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	var all map[string]any
	if err := c.Claims.Unmarshal(&all); err != nil {
		return err
	}
	return render.JSON(w, http.StatusOK, all)
}

// expired tells whether the caller has a token that is good.
func (g *Gatekeeper) expired(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	if _, err := g.caller(w, r); err != nil {
		if f, ok := errors.AsType[*refusal.Refusal](err); ok {
			f.SignIn = false // who asks wants an answer
		}
		return err
	}
	render.NoBody(w, http.StatusOK)
	return nil
}

// health tells that the gatekeeper runs.
func (g *Gatekeeper) health(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	render.Bytes(w, http.StatusOK, "text/plain; charset=utf-8", []byte("OK\n"))
	return nil
}

// ready tells whether it can let anybody through: whether it has the issuer's keys.
func (g *Gatekeeper) ready(w http.ResponseWriter, r *http.Request) error {
	if err := g.verifier.Ready(r.Context()); err != nil {
		return refusal.Away(err)
	}
	return g.health(w, r)
}

func (g *Gatekeeper) showMetrics(w http.ResponseWriter, r *http.Request) error {
	if g.config.Site.Local && !loopback(r.RemoteAddr) {
		return refusal.New(http.StatusForbidden, "access_denied", "Metrics are for this machine alone")
	}
	g.metrics.Handler.ServeHTTP(w, r)
	return nil
}

// loopback tells whether an address is this machine's. Behind a proxy on the same machine every caller's is.
func loopback(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
