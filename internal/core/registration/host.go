package registration

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// The policy of trusted hosts, and its settings; the hosts are in the one that is called like the policy.
const (
	KindHosts         = "trusted-hosts"
	ConfigSendingHost = "host-sending-registration-request-must-match"
	ConfigURIs        = "client-uris-must-match"
)

// Hosts are the hosts from which requests have to come; false where the policy does not ask for that.
func (p *Policy) Hosts() (hosts []string, ask bool) {
	return p.Config[KindHosts], p.Kind == KindHosts && p.on(ConfigSendingHost, true)
}

// trustedHosts wants the request, and the addresses of the client, to be of hosts that are trusted.
func trustedHosts(p *Policy, q *Request, c *realm.Client) string {
	trusted, ask := p.Hosts()
	if ask && !q.FromHost(trusted) {
		return "Host not trusted."
	}
	if q.Action != Create && q.Action != Update || !p.on(ConfigURIs, true) {
		return ""
	}
	for _, address := range []string{c.RootURL, below(c.RootURL, c.BaseURL), below(c.RootURL, c.AdminURL)} {
		u, err := url.Parse(address)
		switch {
		case address == "":
		case err != nil || u.Scheme == "" || u.Host == "":
			return "URL is malformed"
		case !Trusts(trusted, u.Hostname()):
			return "URL doesn't match any trusted host or trusted domain"
		}
	}
	for _, uri := range c.RedirectURIs {
		if uri = below(c.RootURL, uri); uri == "" {
			continue
		}
		u, err := url.Parse(uri)
		switch {
		case err != nil:
			return "URI is malformed"
		case !Trusts(trusted, u.Hostname()):
			return "URI doesn't match any trusted host or trusted domain"
		}
	}
	return ""
}

// below is an address that may be relative to a root; empty where it is and there is none.
func below(root, address string) string {
	switch {
	case !strings.HasPrefix(address, "/"):
		return address
	case root == "":
		return ""
	}
	return strings.TrimSuffix(root, "/") + address
}

// Trusts tells whether a host's name is one of the trusted ones, or below one of the domains among them.
func Trusts(trusted []string, host string) bool {
	return slices.ContainsFunc(trusted, func(t string) bool {
		if domain, ok := strings.CutPrefix(t, "*."); ok {
			return strings.EqualFold(host, domain) || hasSuffixFold(host, "."+domain)
		}
		return strings.EqualFold(host, t)
	})
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
