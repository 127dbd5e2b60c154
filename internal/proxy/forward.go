package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// passed is what forwarding needs to know of a request.
type passed struct {
	caller *caller // nil: nobody was asked
}

type passedKey struct{}

// pass sends a request to the upstream, with what it may know of the caller.
func (g *Gatekeeper) pass(w http.ResponseWriter, r *http.Request, c *caller) {
	if r.ContentLength < 0 && r.ProtoMajor == 1 {
		// A stream: its answer may begin before it ends. Where that cannot be, it begins after.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	g.forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), passedKey{}, passed{c})))
}

// makeForward makes what sends requests on.
func (g *Gatekeeper) makeForward() error {
	transport, err := upstreamTransport(&g.config.Upstream)
	if err != nil {
		return err
	}
	// Some frameworks take the path from X-Original-Url and X-Rewrite-Url, which no resource was asked about.
	g.spoofable = map[string]bool{"Authorization": true, "Forwarded": true, "X-Real-Ip": true, "X-Original-Url": true, "X-Rewrite-Url": true}
	for _, c := range g.claimHeaders {
		g.spoofable[resource.ReadAs(c.header)] = true
	}
	for name := range g.config.Upstream.Headers {
		g.spoofable[resource.ReadAs(name)] = true
	}
	g.said = headersSaid(&g.config)
	g.forward = &httputil.ReverseProxy{Rewrite: g.rewrite, ModifyResponse: g.modify, ErrorHandler: g.failed, Transport: transport,
		FlushInterval: -1, ErrorLog: slog.NewLogLogger(g.log.Handler(), slog.LevelDebug), BufferPool: &buffers{}}
	return nil
}

// rewrite makes the upstream's request of the caller's. Headers of the connection and X-Forwarded-* are gone from it already.
func (g *Gatekeeper) rewrite(p *httputil.ProxyRequest) {
	u := &g.config.Upstream
	c := p.In.Context().Value(passedKey{}).(passed).caller
	host := p.In.Host
	if u.URL.Scheme == "unix" {
		p.Out.URL.Scheme, p.Out.URL.Host = "http", "upstream"
	} else {
		p.SetURL(u.URL)
	}
	p.Out.Host = ""
	if u.PreserveHost {
		p.Out.Host = host
	}
	h := p.Out.Header
	dropUpgrade(h)
	g.dropSpoofed(h, c)
	g.dropCookies(h)
	g.tellOrigin(p)
	if c != nil {
		for _, one := range c.headers {
			if one.name != "Authorization" || !c.bound {
				h[one.name] = one.values
			}
		}
	}
	for name, value := range u.Headers {
		h.Set(name, value)
	}
}

// tellOrigin tells the upstream where a request came from, and what the caller took the site for.
func (g *Gatekeeper) tellOrigin(p *httputil.ProxyRequest) {
	if before := p.In.Header["X-Forwarded-For"]; len(before) > 0 && g.trusted(p.In.RemoteAddr) {
		p.Out.Header["X-Forwarded-For"] = before
	}
	p.SetXForwarded()
	if s := g.config.Site.URL; s != nil {
		p.Out.Header["X-Forwarded-Proto"] = []string{s.Scheme}
		p.Out.Header["X-Forwarded-Host"] = []string{s.Host}
	}
	if host, _, err := net.SplitHostPort(p.In.RemoteAddr); err == nil {
		p.Out.Header["X-Real-Ip"] = []string{host}
	}
}

// trusted tells whether who connected is a proxy that is believed.
func (g *Gatekeeper) trusted(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range g.config.Listen.Trusted {
		if p.Contains(a.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// dropUpgrade drops upgrades to anything but WebSockets: within a connection that became HTTP/2 (h2c), a caller could send requests that
// nobody looks at.
func dropUpgrade(h http.Header) {
	if to := h["Upgrade"]; len(to) == 1 && strings.EqualFold(to[0], "websocket") {
		return
	}
	for _, name := range []string{"Upgrade", "Connection", "Http2-Settings"} {
		delete(h, name)
	}
}

// dropSpoofed drops what only the gatekeeper may say. Many servers read X_Auth_Roles as X-Auth-Roles. A request that nobody was asked
// about keeps credentials that are no token's; one with a proof of possession keeps both.
func (g *Gatekeeper) dropSpoofed(h http.Header, c *caller) {
	for name := range h {
		plain := name
		if strings.IndexByte(name, '_') >= 0 {
			plain = resource.ReadAs(name)
		}
		if name == "Authorization" && keepsCredentials(h, c) {
			continue
		}
		if strings.HasPrefix(plain, "X-Auth-") || strings.HasPrefix(plain, "X-Forwarded-") || g.spoofable[plain] {
			delete(h, name)
		}
	}
}

// keepsCredentials tells whether the upstream may see what a request proves itself by. Servers read schemes more leniently than
// they should, so that whatever begins like a token's is one.
func keepsCredentials(h http.Header, c *caller) bool {
	if c != nil {
		return c.bound
	}
	all := h["Authorization"]
	given := strings.ToLower(strings.TrimSpace(strings.Join(all, "")))
	return len(all) == 1 && !strings.HasPrefix(given, "bearer") && !strings.HasPrefix(given, "dpop")
}

// dropCookies drops the gatekeeper's own cookies: the upstream has no use for them.
func (g *Gatekeeper) dropCookies(h http.Header) {
	lines := h["Cookie"]
	if g.jar == nil || len(lines) == 0 {
		return
	}
	var kept []string
	for _, one := range lines {
		for cookie := range strings.SplitSeq(one, ";") {
			cookie = strings.TrimSpace(cookie)
			if name, _, _ := strings.Cut(cookie, "="); cookie != "" && !g.jar.Owns(strings.TrimSpace(name), g.config.Session.Cookie) {
				kept = append(kept, cookie)
			}
		}
	}
	delete(h, "Cookie")
	if kept != nil {
		h["Cookie"] = []string{strings.Join(kept, "; ")}
	}
}

// modify takes from an answer what is the gatekeeper's to say: headers that it sets itself, and its cookies.
func (g *Gatekeeper) modify(r *http.Response) error {
	for _, name := range g.said {
		delete(r.Header, name)
	}
	lines := r.Header["Set-Cookie"]
	if g.jar == nil || len(lines) == 0 {
		return nil
	}
	var kept []string
	for _, one := range lines {
		if name, _, _ := strings.Cut(one, "="); !g.jar.Owns(strings.TrimSpace(name), g.config.Session.Cookie) {
			kept = append(kept, one)
		}
	}
	if r.Header["Set-Cookie"] = kept; kept == nil {
		delete(r.Header, "Set-Cookie")
	}
	return nil
}

// headersSaid are the headers of answers that the configuration sets: an upstream that sets them too would have them there twice.
func headersSaid(c *Config) []string {
	var all []string
	for name, set := range map[string]bool{"X-Content-Type-Options": c.Filter.NoSniff, "X-Frame-Options": c.Filter.NoFrame, "Content-Security-Policy": c.Filter.Policy != ""} {
		if set {
			all = append(all, name)
		}
	}
	for name := range c.Filter.Headers {
		all = append(all, http.CanonicalHeaderKey(name))
	}
	if len(c.CORS.Origins) > 0 {
		all = append(all, "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")
	}
	return all
}

// failed answers where the upstream does not.
func (g *Gatekeeper) failed(w http.ResponseWriter, r *http.Request, err error) {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		g.refuse(w, r, refused(http.StatusRequestEntityTooLarge, "invalid_request", "The request is too large").because(tooLarge))
		return
	}
	if r.Context().Err() != nil {
		return // the caller has left
	}
	g.refuse(w, r, refused(http.StatusBadGateway, "bad_gateway", "The application does not answer").because(err))
}
