// Package caller tells who sends a request and how they reach the server, whatever proxies stand
// between.
package caller

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Headers are the proxy headers that are believed.
type Headers string

const (
	None       Headers = ""           // what the connection says
	Forwarded  Headers = "forwarded"  // RFC 7239
	XForwarded Headers = "xforwarded" // X-Forwarded-For, -Proto, -Host and -Port
)

// Resolver tells callers apart. The zero value believes no proxy and takes the host from the request.
type Resolver struct {
	Hostname string         // full URL, or host with or without port; empty: what the request names
	Path     string         // path that the server lives under, as "/auth"; empty for none
	Headers  Headers        // of proxies
	Trusted  []netip.Prefix // proxies whose headers are believed; every peer's where empty

	// Roots are who may have issued the certificates of callers; nil: nobody has one.
	Roots *x509.CertPool
	// CertificateHeader is in which header trusted proxies tell the certificate of who called them; empty: they do not.
	CertificateHeader string

	// Nonce is what DPoP proofs are to name now, in realms that ask for that.
	Nonce func() string
}

// Caller is where a request comes from.
type Caller struct {
	Base    string     // the server's URL as the caller reaches it, without a slash at the end
	Address netip.Addr // the caller's; invalid where it is not known
	Secure  bool       // the caller came by TLS, to us or to a proxy

	// Certificate is the caller's, issued by one of the resolver's roots for TLS clients, and its key was proved in the
	// handshake; nil: none.
	Certificate *x509.Certificate
}

// errHost answers a request whose Host is none: it would become part of issuers and links.
var errHost = &render.Status{Code: http.StatusBadRequest, Text: "HTTP 400 Bad Request"}

// Of tells who sends r. Headers of proxies count only where they are believed, and then only the last
// hop's: what came before it anybody may have written.
func (v *Resolver) Of(r *http.Request) (Caller, error) {
	peer := parseAddr(r.RemoteAddr)
	h := hop{scheme: "http", host: r.Host}
	if r.TLS != nil {
		h.scheme = "https"
	}
	c := Caller{Address: peer}
	if v.believes(peer) {
		var chain []netip.Addr
		h, chain = v.forwarded(r.Header, h)
		c.Address = v.origin(peer, chain)
	}
	base, err := v.base(h)
	if err != nil {
		return Caller{}, err
	}
	c.Certificate = v.certificate(r, peer)
	c.Base, c.Secure = base, strings.HasPrefix(base, "https:")
	return c, nil
}

func (v *Resolver) base(h hop) (string, error) {
	if strings.Contains(v.Hostname, "://") {
		return strings.TrimSuffix(v.Hostname, "/"), nil
	}
	if v.Hostname != "" {
		h.host = v.Hostname
	}
	if !validHost(h.host) {
		return "", errHost
	}
	return h.scheme + "://" + withoutDefaultPort(h.scheme, h.host) + strings.TrimSuffix(v.Path, "/"), nil
}

// believes tells whether the headers that this peer sends are those of a proxy.
func (v *Resolver) believes(peer netip.Addr) bool {
	return v.Headers != None && (len(v.Trusted) == 0 || v.trusts(peer))
}

func (v *Resolver) trusts(a netip.Addr) bool {
	for _, p := range v.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// origin walks from the nearest proxy outwards, past those that are trusted, to the first address
// that is not: nobody vouches for what it claims about others.
func (v *Resolver) origin(peer netip.Addr, chain []netip.Addr) netip.Addr {
	at := peer
	for i := len(chain) - 1; i >= 0; i-- {
		at = chain[i]
		if !v.trusts(at) {
			break
		}
	}
	return at
}

// parseAddr reads an address with or without port; what is none is invalid.
func parseAddr(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// validHost tells whether s is a host with or without port (RFC 3986 §3.2.2), in the letters that
// names and addresses are written in.
func validHost(s string) bool {
	host, port, hasPort := s, "", false
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port, hasPort = s[:i], s[i+1:], true
	}
	if hasPort && (port == "" || strings.Trim(port, "0123456789") != "") {
		return false
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		return ok && err == nil && a.Is6()
	}
	for _, c := range []byte(host) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return host != ""
}

func withoutDefaultPort(scheme, host string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
