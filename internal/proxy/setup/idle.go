package setup

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// idle are options that do nothing as others are.
var idle = []struct {
	names []string
	as    func(s *Settings) bool
	why   string
}{
	{[]string{"cors-methods", "cors-headers", "cors-exposed-headers", "cors-credentials", "cors-max-age"}, func(s *Settings) bool { return len(s.CORS.Origins) == 0 }, "without cors-origins"},
	{[]string{"localhost-metrics"}, func(s *Settings) bool { return !s.Site.Metrics }, "without enable-metrics"},
	{[]string{"request-id-header"}, func(s *Settings) bool { return !s.requestID }, "without enable-request-id"},
	{[]string{"client-auth-method"}, func(s *Settings) bool { return s.Issuer.ClientSecret == "" }, "without client-secret"},
	{[]string{"show-explanations"}, func(s *Settings) bool {
		return s.Issuer.ExplainID == "" && !slices.ContainsFunc(s.Access.Resources, func(r resource.Resource) bool { return r.ExchangeTo != "" })
	}, "without explain-client-id or exchange-to"},
	{[]string{"accept-untyped-tokens"}, func(s *Settings) bool { return s.Issuer.Unverified }, "with unsafe-skip-token-verification"},
	{[]string{"openid-provider-ca"}, func(s *Settings) bool { return !strings.HasPrefix(s.discovery, "https://") }, "without TLS to the issuer"},
	{[]string{"upstream-ca", "skip-upstream-tls-verify", "upstream-tls-handshake-timeout"}, func(s *Settings) bool { return s.Upstream.URL != nil && s.Upstream.URL.Scheme != "https" }, "without TLS to the upstream"},
	{[]string{"tls-client-certificate"}, func(s *Settings) bool {
		return s.Upstream.URL != nil && s.Upstream.URL.Scheme != "https" && !strings.HasPrefix(s.discovery, "https://")
	}, "without TLS to upstream or issuer"},
	{[]string{"enable-security-filter"}, func(s *Settings) bool { return len(s.needSecurity) == 0 }, "without one of the options that need it"},
	{[]string{"upstream-keepalive-timeout"}, func(s *Settings) bool { return s.Upstream.URL != nil && s.Upstream.URL.Scheme == "unix" }, "with a socket"},
	{[]string{"max-idle-connections", "max-idle-connections-per-host"}, func(s *Settings) bool { return !s.Upstream.KeepAlive }, "without upstream-keepalives"},
	{[]string{"trusted-proxies"}, func(s *Settings) bool { return strings.HasPrefix(s.Listen.Address, "unix://") && s.Listen.HTTP == "" }, "with a socket, where callers have no address"},
	{[]string{"revocation-url"}, func(s *Settings) bool { return !s.Session.Refresh }, "without enable-refresh-tokens"},
	{[]string{"scopes", "revocation-url", "encryption-key", "cookie-access-name", "cookie-domain", "secure-cookie", "same-site-cookie", "enable-session-cookies", "access-token-duration",
		"enable-refresh-tokens", "enable-logout-redirect"}, func(s *Settings) bool { return s.Access.NoRedirects }, "with no-redirects: nobody signs in"},
	{[]string{"enable-logging", "enable-json-logging", "verbose"}, func(s *Settings) bool { return s.Silent }, "with disable-all-logging"},
}

// warnIdle warns of options that were given, with another value than that which they have anyway, and do nothing.
func (s *Settings) warnIdle(g given) {
	for _, i := range idle {
		for _, name := range i.names {
			values := g.values[name]
			if o, _ := Known(name); len(values) > 0 && !slices.Equal(values, []string{o.Default}) && i.as(s) {
				s.Warnings = append(s.Warnings, name+" does nothing "+i.why)
			}
		}
	}
}
