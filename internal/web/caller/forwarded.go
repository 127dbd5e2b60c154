package caller

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// hop is what a proxy says about the request it received.
type hop struct{ scheme, host string }

// forwarded reads what the nearest proxy says, over what the connection says, and the addresses that
// the request came through, the nearest last. An address that cannot be read ends the chain.
func (v *Resolver) forwarded(header http.Header, h hop) (hop, []netip.Addr) {
	if v.Headers == Forwarded {
		return rfc7239(header, h)
	}
	if p := strings.ToLower(last(header, "X-Forwarded-Proto")); p == "http" || p == "https" {
		h.scheme = p
	}
	if host := last(header, "X-Forwarded-Host"); host != "" {
		h.host = host
	}
	if port := last(header, "X-Forwarded-Port"); port != "" {
		h.host = net.JoinHostPort(hostname(h.host), port)
	}
	var chain []netip.Addr
	for _, s := range list(header, "X-Forwarded-For") {
		chain = link(chain, s)
	}
	return h, chain
}

// rfc7239 reads the header Forwarded: elements by comma, in each pairs by semicolon (RFC 7239 §4).
func rfc7239(header http.Header, h hop) (hop, []netip.Addr) {
	var chain []netip.Addr
	elements := list(header, "Forwarded")
	for i, element := range elements {
		for _, pair := range split(element, ';') {
			name, value, _ := strings.Cut(pair, "=")
			value = unquote(strings.TrimSpace(value))
			switch name = strings.ToLower(strings.TrimSpace(name)); {
			case name == "for":
				chain = link(chain, value)
			case i < len(elements)-1: // proto and host of a hop further out
			case name == "proto" && (strings.EqualFold(value, "http") || strings.EqualFold(value, "https")):
				h.scheme = strings.ToLower(value)
			case name == "host" && value != "":
				h.host = value
			}
		}
	}
	return h, chain
}

// link adds an address to the chain. Behind one that cannot be read, as "unknown" or "_hidden"
// (RFC 7239 §6), nothing further out is known.
func link(chain []netip.Addr, s string) []netip.Addr {
	a := parseAddr(s)
	if !a.IsValid() {
		return nil
	}
	return append(chain, a)
}

// list are the members of a header that is a list, over all its lines (RFC 9110 §5.6.1).
func list(header http.Header, name string) []string {
	var out []string
	for _, line := range header.Values(name) {
		out = append(out, split(line, ',')...)
	}
	return out
}

func last(header http.Header, name string) string {
	all := list(header, name)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// split cuts s at sep where that stands outside quotes, and trims the pieces.
func split(s string, sep byte) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[start:]))
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], `\`, "")
}

// hostname is the host without its port.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}
