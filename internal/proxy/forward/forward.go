// Package forward sends requests on to the upstream, as the gatekeeper wants them seen: without what only the gatekeeper may say, and
// without its cookies.
package forward

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// Upstream is where requests go.
type Upstream struct {
	URL          *url.URL // http, https, or unix with a path
	CA           string   // PEM file
	Certificate  string   // PEM file with certificate and key, shown to upstream and issuer
	SkipVerify   bool
	KeepAlive    bool
	PreserveHost bool
	Headers      map[string]string // added to requests
	Timeouts     Timeouts
	MaxIdle      int
	MaxIdleHost  int
}

// Timeouts are of calls to the upstream.
type Timeouts struct{ Dial, KeepAlive, TLS, Header, Continue time.Duration }

// Config says what goes where.
type Config struct {
	Upstream
	Site    *url.URL       // scheme and host that callers take the site for; nil: as the request has it
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is passed on
	Claims  []string       // names of headers that are the gatekeeper's to set, beside X-Auth-*
	Said    []string       // names of headers of answers that are the gatekeeper's to set, in canonical form
	Owns    func(cookie string) bool
	Failed  func(w http.ResponseWriter, r *http.Request, err error) // answers where the upstream does not
	Log     *slog.Logger
}

// Forwarder sends requests on. New makes one.
type Forwarder struct {
	Config
	spoofable map[string]bool // names of headers that are this gatekeeper's to set, beside those that are any's
	proxy     *httputil.ReverseProxy
}

// New makes a forwarder.
func New(c Config) (*Forwarder, error) {
	to, err := transport(&c.Upstream)
	if err != nil {
		return nil, err
	}
	f := &Forwarder{Config: c, spoofable: map[string]bool{}}
	for _, name := range c.Claims {
		f.spoofable[resource.ReadAs(name)] = true
	}
	for name := range c.Headers {
		f.spoofable[resource.ReadAs(name)] = true
	}
	f.proxy = &httputil.ReverseProxy{Rewrite: f.rewrite, ModifyResponse: f.modify, ErrorHandler: f.fail, Transport: to,
		FlushInterval: -1, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug), BufferPool: &buffers{}}
	return f, nil
}

// Sender is who sent a request, proven.
type Sender struct {
	Headers []identity.Header // that the upstream is told of them
	Bound   bool              // their token came with a proof of possession, which the upstream may want to see
	// Until has a stream of events end when they sign out; nil: it goes on. over is to be called when it is over.
	Until func(end func()) (over func())
}

// passed is what forwarding needs to know of a request.
type passed struct {
	by *Sender       // nil: nobody was asked
	r  *http.Request // as it came
}

type passedKey struct{}

// Pass sends a request to the upstream, with what it may know of who sent it; nil where nobody was asked.
func (f *Forwarder) Pass(w http.ResponseWriter, r *http.Request, by *Sender) {
	if r.ContentLength < 0 && r.ProtoMajor == 1 {
		// A stream: its answer may begin before it ends. Where that cannot be, it begins after. When the answer ends first, what is left
		// of the stream is still being read, and no other request can come on the connection.
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close")
	}
	f.proxy.ServeHTTP(keepHeaders(w), r.WithContext(context.WithValue(r.Context(), passedKey{}, passed{by, r})))
}

// rewrite makes the upstream's request of the caller's. Headers of the connection and X-Forwarded-* are gone from it already.
func (f *Forwarder) rewrite(p *httputil.ProxyRequest) {
	by := p.In.Context().Value(passedKey{}).(passed).by
	host := p.In.Host
	p.Out.URL.RawQuery = p.In.URL.RawQuery // as it came: what cannot be parsed is for the upstream to read
	if f.URL.Scheme == "unix" {
		p.Out.URL.Scheme, p.Out.URL.Host = "http", "upstream"
	} else {
		p.SetURL(f.URL)
	}
	p.Out.Host = ""
	if f.PreserveHost {
		p.Out.Host = host
	}
	h := p.Out.Header
	dropUpgrade(h)
	f.dropSpoofed(h, by)
	f.dropCookies(h)
	f.tellOrigin(p)
	if by != nil {
		for _, one := range by.Headers {
			if one.Name != "Authorization" || !by.Bound {
				h[one.Name] = one.Values
			}
		}
	}
	for name, value := range f.Headers {
		h.Set(name, value)
	}
}

// fail answers where the upstream does not.
func (f *Forwarder) fail(w http.ResponseWriter, sent *http.Request, err error) {
	f.Failed(w, sent.Context().Value(passedKey{}).(passed).r, err)
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

// dropSpoofed drops what only the gatekeeper may say, and what says by an odd name where a request ends. A request that nobody was asked
// about keeps credentials that are no token's; one with a proof of possession keeps both.
func (f *Forwarder) dropSpoofed(h http.Header, by *Sender) {
	for name := range h {
		plain, odd := name, resource.Odd(name)
		if odd {
			plain = resource.ReadAs(name)
		}
		switch {
		case name == "Authorization" && keepsCredentials(h, by):
		case Believed(plain), f.spoofable[plain], odd && Frames(plain):
			delete(h, name)
		}
	}
}

// keepsCredentials tells whether the upstream may see what a request proves itself by. Servers read schemes more leniently than
// they should, so that whatever begins like a token's is one.
func keepsCredentials(h http.Header, by *Sender) bool {
	if by != nil {
		return by.Bound
	}
	all := h["Authorization"]
	given := strings.ToLower(strings.TrimSpace(strings.Join(all, "")))
	return len(all) == 1 && !strings.HasPrefix(given, "bearer") && !strings.HasPrefix(given, "dpop")
}

// dropCookies drops the gatekeeper's own cookies: the upstream has no use for them.
func (f *Forwarder) dropCookies(h http.Header) {
	lines := h["Cookie"]
	if f.Owns == nil || len(lines) == 0 {
		return
	}
	var kept []string
	for _, one := range lines {
		for cookie := range strings.SplitSeq(one, ";") {
			cookie = strings.TrimSpace(cookie)
			if name, _, _ := strings.Cut(cookie, "="); cookie != "" && !f.Owns(strings.TrimSpace(name)) {
				kept = append(kept, cookie)
			}
		}
	}
	delete(h, "Cookie")
	if kept != nil {
		h["Cookie"] = []string{strings.Join(kept, "; ")}
	}
}

// modify takes from an answer what is the gatekeeper's to say: headers that it sets itself, and its cookies. A stream of events ends with who it
// is for.
func (f *Forwarder) modify(r *http.Response) error {
	if by := r.Request.Context().Value(passedKey{}).(passed).by; by != nil && by.Until != nil && isStream(r.Header) {
		body := r.Body
		r.Body = &stream{body, by.Until(func() { _ = body.Close() })} // what was read fails then, and the answer is cut off
	}
	for _, name := range f.Said {
		delete(r.Header, name)
	}
	lines := r.Header["Set-Cookie"]
	if f.Owns == nil || len(lines) == 0 {
		return nil
	}
	var kept []string
	for _, one := range lines {
		if name, _, _ := strings.Cut(one, "="); !f.Owns(strings.TrimSpace(name)) {
			kept = append(kept, one)
		}
	}
	if r.Header["Set-Cookie"] = kept; kept == nil {
		delete(r.Header, "Set-Cookie")
	}
	return nil
}
