package forward

import (
	"net/http/httputil"
	"net/netip"
	"slices"
	"strings"
)

// tellOrigin tells the upstream where a request came from, and what the caller took the site for.
func (f *Forwarder) tellOrigin(p *httputil.ProxyRequest) {
	remote, known := netip.ParseAddrPort(p.In.RemoteAddr)
	before := p.In.Header["X-Forwarded-For"]
	if known != nil || !f.trusts(remote.Addr()) {
		before = nil
	}
	if before != nil {
		p.Out.Header["X-Forwarded-For"] = before
	}
	p.SetXForwarded()
	if s := f.Site; s != nil {
		p.Out.Header["X-Forwarded-Proto"] = []string{s.Scheme}
		p.Out.Header["X-Forwarded-Host"] = []string{s.Host}
	}
	if known == nil {
		p.Out.Header["X-Real-Ip"] = []string{f.caller(remote.Addr(), before).String()}
	}
}

// caller is the address of who called: behind proxies that are trusted, the last before them. What callers wrote themselves stands before that.
func (f *Forwarder) caller(remote netip.Addr, forwarded []string) netip.Addr {
	for _, hop := range slices.Backward(strings.Split(strings.Join(forwarded, ","), ",")) {
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !f.trusts(remote) {
			break
		}
		remote = before
	}
	return remote
}

// trusts tells whether an address is of a proxy that is believed.
func (f *Forwarder) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(f.Trusted, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}
