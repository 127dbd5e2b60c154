package proxy

import (
	"context"
	"net"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/proxy/certificate"
	"github.com/tokenhouse/tokenhouse/internal/proxy/listen"
)

// Run serves a gatekeeper until the context ends. ready, which may be nil, is told the address that is listened on.
func (g *Gatekeeper) Run(ctx context.Context, ready func(net.Addr)) error {
	c := &g.config.Listen
	doors := []listen.Door{{Address: c.Address, Handler: g}}
	if c.TLS.Certificate != "" {
		shown, err := certificate.Server(c.TLS, g.log, g.now)
		if err != nil {
			return err
		}
		doors[0].TLS = shown
	}
	if c.HTTP != "" {
		var handler http.Handler = g
		if c.ToHTTPS {
			handler = http.HandlerFunc(g.toHTTPS)
		}
		doors = append(doors, listen.Door{Address: c.HTTP, Handler: handler})
	}
	return listen.Serve(ctx, doors, listen.Limits{Header: c.ReadTime, Answer: c.WriteTime, Idle: c.IdleTime}, g.log, func(at net.Addr) {
		g.log.Info("gatekeeper listens", "address", at.String(), "upstream", g.config.Upstream.URL.Redacted(), "issuer", g.config.Issuer.URL)
		if ready != nil {
			ready(at)
		}
	})
}

// toHTTPS sends browsers to the same page by TLS; never to where a request says that it is.
func (g *Gatekeeper) toHTTPS(w http.ResponseWriter, r *http.Request) {
	if g.config.Site.URL == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "This is served by HTTPS alone", http.StatusForbidden)
		return
	}
	http.Redirect(w, r, "https://"+g.config.Site.URL.Host+local(r.URL.RequestURI()), http.StatusMovedPermanently)
}
