package upstream

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// The bounds of one fetch.
const (
	maxTime      = 5 * time.Second
	maxSize      = 256 << 10 // bytes of a body
	maxHeader    = 64 << 10
	maxRedirects = 3
)

// Why something is not fetched.
var (
	errScheme   = errors.New("only http and https URLs are fetched")
	errAddress  = errors.New("private, loopback and other special addresses are not fetched from")
	errRedirect = errors.New("redirected to another origin, or too often")
	errSize     = fmt.Errorf("the answer is longer than %d bytes", maxSize)
)

// guarded makes an HTTP client that looks at the address it connects to, after names were resolved, so
// that no name can lead it elsewhere than its check saw. It uses no proxy, which would connect in its place.
func guarded(allowPrivate bool) *http.Client {
	dialer := &net.Dialer{Timeout: maxTime}
	if !allowPrivate {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return public(address) }
	}
	return &http.Client{
		Timeout: maxTime,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    maxTime,
			ResponseHeaderTimeout:  maxTime,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConns:           16,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: func(to *http.Request, via []*http.Request) error {
			from := via[0].URL
			if len(via) > maxRedirects || to.URL.Scheme != from.Scheme || to.URL.Host != from.Host {
				return errRedirect
			}
			return nil
		},
	}
}

// steadfast is an HTTP client like another to which a redirect is an answer like others: what it sends is for
// one address.
func steadfast(like *http.Client) *http.Client {
	c := *like
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// special are addresses that net/netip has no word for and that do not lead to the public internet
// either, or lead to an IPv4 address inside an IPv6 one.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network, RFC 1122
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments, RFC 6890
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation, RFC 5737
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks, RFC 2544
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),       // protocol assignments and Teredo, RFC 2928
	netip.MustParsePrefix("2001:db8::/32"),   // documentation, RFC 3849
	netip.MustParsePrefix("2002::/16"),       // 6to4, RFC 3056
	netip.MustParsePrefix("3fff::/20"),       // documentation, RFC 9637
}

// unicast is all of IPv6 that is given out to the public internet (RFC 4291 §2.4). What is outside leads to the own
// network or, by NAT64 and its like, to any IPv4 address.
var unicast = netip.MustParsePrefix("2000::/3")

// public refuses an address, as "192.0.2.1:443", that is not on the public internet.
func public(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errAddress, err)
	}
	ip := at.Addr().Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !unicast.Contains(ip) {
		return fmt.Errorf("%w: %s", errAddress, ip)
	}
	for _, p := range special {
		if p.Contains(ip) {
			return fmt.Errorf("%w: %s", errAddress, ip)
		}
	}
	return nil
}
