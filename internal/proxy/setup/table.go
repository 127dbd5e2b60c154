package setup

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// options are all of them, in the order of the help.
var options = []Option{
	{Name: "discovery-url", Help: "the issuer: its URL, with or without /.well-known/openid-configuration", set: discovery},
	{Name: "issuer", Ours: true, Help: `what "iss" of tokens is, where discovery-url is another address of the same issuer`, set: text(func(s *Settings) *string { return &s.Issuer.URL })},
	{Name: "client-id", Help: "client that people sign in to", set: text(func(s *Settings) *string { return &s.Issuer.ClientID })},
	{Name: "client-secret", Help: "secret of the client; better in PROXY_CLIENT_SECRET", set: text(func(s *Settings) *string { return &s.Issuer.ClientSecret })},
	{Name: "client-auth-method", Default: "secret-basic", Help: "how the secret is sent: secret-basic or secret-body", set: oneOf("secret-basic", "secret-body", func(s *Settings, second bool) { s.Issuer.SecretInBody = second })},
	{Name: "audience", Ours: true, Absent: "the client-id", Help: `what "aud" of every token must hold`, set: text(func(s *Settings) *string { return &s.Issuer.Audience })},
	{Name: "scopes", Kind: List, Help: "scopes to ask for at sign-in, beside openid, email and profile", set: list(func(s *Settings) *[]string { return &s.scopes })},
	{Name: "revocation-url", Absent: "as discovered", Help: "where refresh tokens are revoked at logout", set: text(func(s *Settings) *string { return &s.Issuer.Revocation })},
	{Name: "openid-provider-proxy", Help: "proxy that the issuer is reached through", set: address(func(s *Settings) **url.URL { return &s.Issuer.Proxy }, "http", "https", "socks5")},
	{Name: "openid-provider-timeout", Default: "30s", Help: "how long the issuer may take to answer", set: above(span(func(s *Settings) *time.Duration { return &s.Issuer.Timeout }))},
	{Name: "openid-provider-ca", Ours: true, Help: "PEM file: who vouches for the issuer's certificate", set: text(func(s *Settings) *string { return &s.Issuer.CA })},
	{Name: "openid-provider-insecure-http", Ours: true, Kind: Toggle, Default: "false", Help: "speak to an issuer on another machine without TLS", set: truth(func(s *Settings) *bool { return &s.Issuer.Insecure })},
	{Name: "accept-untyped-tokens", Ours: true, Kind: Toggle, Default: "false", Help: "take access tokens of issuers that do not mark them as such", set: truth(func(s *Settings) *bool { return &s.Issuer.Untyped })},
	{Name: "unsafe-skip-token-verification", Ours: true, Kind: Toggle, Default: "false", Help: "believe every token; for tests of what is behind", set: truth(func(s *Settings) *bool { return &s.Issuer.Unverified })},
	{Name: "explain-client-id", Ours: true, Help: "client that may ask a Tokenhouse why a token lacks the audience", set: text(func(s *Settings) *string { return &s.Issuer.ExplainID })},
	{Name: "explain-client-secret", Ours: true, Help: "its secret; better in PROXY_EXPLAIN_CLIENT_SECRET", set: text(func(s *Settings) *string { return &s.Issuer.ExplainSecret })},
	{Name: "show-explanations", Ours: true, Kind: Toggle, Default: "false", Help: "callers see what the issuer explains, and what would let a token be exchanged; without it only the log does", set: truth(func(s *Settings) *bool { return &s.Access.ShowFixes })},

	{Name: "upstream-url", Help: "what is protected: http://, https:// or unix:// with a path", set: upstream},
	{Name: "upstream-ca", Help: "PEM file: who vouches for the upstream's certificate", set: text(func(s *Settings) *string { return &s.Upstream.CA })},
	{Name: "skip-upstream-tls-verify", Kind: Toggle, Default: "false", Help: "believe any certificate of the upstream", set: truth(func(s *Settings) *bool { return &s.Upstream.SkipVerify })},
	{Name: "upstream-keepalives", Kind: Toggle, Default: "true", Help: "keep connections to the upstream", set: truth(func(s *Settings) *bool { return &s.Upstream.KeepAlive })},
	{Name: "upstream-timeout", Default: "10s", Help: "time to connect", set: span(func(s *Settings) *time.Duration { return &s.Upstream.Timeouts.Dial })},
	{Name: "upstream-keepalive-timeout", Default: "10s", Help: "time between signs of life of a connection; 0s is none", set: span(func(s *Settings) *time.Duration { return &s.Upstream.Timeouts.KeepAlive })},
	{Name: "upstream-tls-handshake-timeout", Default: "10s", Help: "time for the TLS handshake", set: span(func(s *Settings) *time.Duration { return &s.Upstream.Timeouts.TLS })},
	{Name: "upstream-response-header-timeout", Default: "10s", Help: "time until an answer begins", set: span(func(s *Settings) *time.Duration { return &s.Upstream.Timeouts.Header })},
	{Name: "upstream-expect-continue-timeout", Default: "10s", Help: "time for the answer to Expect: 100-continue", set: span(func(s *Settings) *time.Duration { return &s.Upstream.Timeouts.Continue })},
	{Name: "max-idle-connections", Default: "100", Help: "connections that are kept to all hosts; there is one, so that the next option counts", set: number(func(s *Settings) *int { return &s.Upstream.MaxIdle })},
	{Name: "max-idle-connections-per-host", Default: "50", Help: "connections that are kept to one host", set: number(func(s *Settings) *int { return &s.Upstream.MaxIdleHost })},
	{Name: "tls-client-certificate", Help: "PEM file with certificate and key, shown to upstream and issuer", set: text(func(s *Settings) *string { return &s.Upstream.Certificate })},
	{Name: "preserve-host", Kind: Toggle, Default: "false", Help: "the upstream gets the caller's Host", set: truth(func(s *Settings) *bool { return &s.Upstream.PreserveHost })},
	{Name: "headers", Kind: Map, Help: "headers added to requests, name=value", set: headers(func(s *Settings) *map[string]string { return &s.Upstream.Headers })},
	{Name: "enable-token-header", Kind: Toggle, Default: "true", Help: "the upstream gets the token as X-Auth-Token", set: truth(func(s *Settings) *bool { return &s.Told.Token })},
	{Name: "enable-authorization-header", Kind: Toggle, Default: "true", Help: "the upstream gets the token as Authorization", set: truth(func(s *Settings) *bool { return &s.Told.Authorization })},
	{Name: "add-claims", Kind: List, Help: "claims that become headers: given_name is X-Auth-Given-Name, given_name|X-Name is X-Name", set: claims},

	{Name: "resources", Kind: List, Help: "what is asked of whom: uri=/admin*|methods=GET,POST|roles=admin,client:role|require-any-role=true|groups=staff|scopes=orders|exchange-to=orders, or uri=/css/*|white-listed=true", set: resources},
	{Name: "enable-default-deny", Kind: Toggle, Default: "true", Help: "what no resource is about needs a token", set: truth(func(s *Settings) *bool { return &s.Access.DefaultDeny })},
	{Name: "match-claims", Kind: Map, Help: "expressions that claims must match whole, as email=.*@example\\.com", set: expressions},
	{Name: "no-redirects", Kind: Toggle, Default: "false", Help: "401 in place of a sign-in: for services that only programs call", set: truth(func(s *Settings) *bool { return &s.Access.NoRedirects })},

	{Name: "redirection-url", Help: "scheme and host that people reach the gatekeeper by", set: site},
	{Name: "base-uri", Help: "before the paths of the gatekeeper's own endpoints", set: path(func(s *Settings) *string { return &s.Site.Base })},
	{Name: "oauth-uri", Default: "/oauth", Help: "path of the gatekeeper's own endpoints", set: path(func(s *Settings) *string { return &s.Site.OAuth })},
	{Name: "encryption-key", Help: "32 bytes at least, which encrypt cookies; better in PROXY_ENCRYPTION_KEY. Without one each start makes its own", set: text(func(s *Settings) *string { return &s.Session.Key })},
	{Name: "cookie-access-name", Default: "kc-access", Help: "name of the cookie, which gets a prefix __Host- or __Secure-", set: text(func(s *Settings) *string { return &s.Session.Cookie })},
	{Name: "cookie-domain", Absent: "the host", Help: "domain that the cookie is of: all its hosts get the cookie, and can plant another", set: text(func(s *Settings) *string { return &s.Session.Domain })},
	{Name: "secure-cookie", Kind: Toggle, Default: "true", Help: "cookies go by TLS alone", set: falsehood(func(s *Settings) *bool { return &s.Session.Insecure })},
	{Name: "same-site-cookie", Default: "Lax", Help: "Strict, Lax or None", set: sameSite},
	{Name: "enable-session-cookies", Kind: Toggle, Default: "true", Help: "cookies end with the browser", set: falsehood(func(s *Settings) *bool { return &s.Session.Lasting })},
	{Name: "access-token-duration", Default: "720h", Help: "how long a session lasts at most where the issuer does not say", set: above(span(func(s *Settings) *time.Duration { return &s.Session.Duration }))},
	{Name: "enable-refresh-tokens", Kind: Toggle, Default: "false", Help: "renew tokens that end", set: truth(func(s *Settings) *bool { return &s.Session.Refresh })},
	{Name: "enable-logout-redirect", Kind: Toggle, Default: "false", Help: "signing out here is signing out at the issuer", set: truth(func(s *Settings) *bool { return &s.Session.EndAtIssuer })},

	{Name: "cors-origins", Kind: List, Help: "origins whose pages may call, as https://app.example", set: list(func(s *Settings) *[]string { return &s.CORS.Origins })},
	{Name: "cors-methods", Kind: List, Help: "methods that they may use", set: list(func(s *Settings) *[]string { return &s.CORS.Methods })},
	{Name: "cors-headers", Kind: List, Help: "headers that they may send", set: list(func(s *Settings) *[]string { return &s.CORS.Headers })},
	{Name: "cors-exposed-headers", Kind: List, Help: "headers that they may read", set: list(func(s *Settings) *[]string { return &s.CORS.Exposed })},
	{Name: "cors-credentials", Kind: Toggle, Default: "false", Help: "they may call with cookies", set: truth(func(s *Settings) *bool { return &s.CORS.Credentials })},
	{Name: "cors-max-age", Default: "0s", Help: "how long browsers remember all this", set: span(func(s *Settings) *time.Duration { return &s.CORS.MaxAge })},

	{Name: "listen", Default: "127.0.0.1:3000", Help: "host:port, or unix:// with a path", set: text(func(s *Settings) *string { return &s.Listen.Address })},
	{Name: "listen-http", Help: "a second address, without TLS", set: text(func(s *Settings) *string { return &s.Listen.HTTP })},
	{Name: "enable-https-redirection", Kind: Toggle, Default: "false", Help: "listen-http only leads to HTTPS", set: secured("enable-https-redirection", truth(func(s *Settings) *bool { return &s.Listen.ToHTTPS }))},
	{Name: "tls-cert", Help: "PEM file with the certificate chain; read again when it changes", set: text(func(s *Settings) *string { return &s.Listen.TLS.Certificate })},
	{Name: "tls-private-key", Help: "PEM file with its key", set: text(func(s *Settings) *string { return &s.Listen.TLS.Key })},
	{Name: "tls-ca-certificate", Help: "PEM file: callers must show a certificate that one of these vouches for", set: text(func(s *Settings) *string { return &s.Listen.TLS.ClientCA })},
	{Name: "trusted-proxies", Ours: true, Kind: List, Help: "addresses or networks of proxies before this one, whose X-Forwarded-For is passed on, and read for X-Real-IP", set: networks},
	{Name: "server-read-timeout", Default: "10s", Help: "time for the headers of a request", set: span(func(s *Settings) *time.Duration { return &s.Listen.ReadTime })},
	{Name: "server-write-timeout", Default: "0s", Help: "time for an answer; 0s is any, as streams need", set: span(func(s *Settings) *time.Duration { return &s.Listen.WriteTime })},
	{Name: "server-idle-timeout", Default: "120s", Help: "how long an idle connection is kept", set: span(func(s *Settings) *time.Duration { return &s.Listen.IdleTime })},

	{Name: "enable-security-filter", Kind: Toggle, Default: "false", Help: "needed by the options below that speak of it", set: truth(func(s *Settings) *bool { return &s.securityOn })},
	{Name: "hostnames", Kind: List, Help: "hosts that are served; needs enable-security-filter", set: secured("hostnames", list(func(s *Settings) *[]string { return &s.Filter.Hosts }))},
	{Name: "filter-content-nosniff", Kind: Toggle, Default: "false", Help: "X-Content-Type-Options: nosniff; needs enable-security-filter", set: secured("filter-content-nosniff", truth(func(s *Settings) *bool { return &s.Filter.NoSniff }))},
	{Name: "filter-frame-deny", Kind: Toggle, Default: "false", Help: "X-Frame-Options: DENY; needs enable-security-filter", set: secured("filter-frame-deny", truth(func(s *Settings) *bool { return &s.Filter.NoFrame }))},
	{Name: "content-security-policy", Help: "Content-Security-Policy of answers; needs enable-security-filter", set: secured("content-security-policy", text(func(s *Settings) *string { return &s.Filter.Policy }))},
	{Name: "response-headers", Kind: Map, Help: "headers added to answers, name=value", set: headers(func(s *Settings) *map[string]string { return &s.Filter.Headers })},
	{Name: "enable-request-id", Kind: Toggle, Default: "false", Help: "identify requests that nobody did", set: truth(func(s *Settings) *bool { return &s.requestID })},
	{Name: "request-id-header", Default: "X-Request-ID", Help: "header that does", set: requestName},

	{Name: "enable-metrics", Kind: Toggle, Default: "false", Help: "serve /oauth/metrics", set: truth(func(s *Settings) *bool { return &s.Site.Metrics })},
	{Name: "localhost-metrics", Kind: Toggle, Default: "false", Help: "to this machine alone", set: truth(func(s *Settings) *bool { return &s.Site.Local })},
	{Name: "enable-logging", Kind: Toggle, Default: "false", Help: "log each request", set: truth(func(s *Settings) *bool { return &s.Requests })},
	{Name: "enable-json-logging", Kind: Toggle, Default: "false", Help: "log in JSON", set: truth(func(s *Settings) *bool { return &s.JSON })},
	{Name: "verbose", Kind: Toggle, Default: "false", Help: "log more", set: truth(func(s *Settings) *bool { return &s.Verbose })},
	{Name: "disable-all-logging", Kind: Toggle, Default: "false", Help: "log nothing", set: truth(func(s *Settings) *bool { return &s.Silent })},
}

// discovery reads discovery-url.
func discovery(s *Settings, v []string) error {
	var u *url.URL
	if err := address(func(*Settings) **url.URL { return &u }, "http", "https")(s, v); err != nil {
		return err
	}
	s.discovery = v[0]
	return nil
}

// upstream reads upstream-url. What it holds beside place, path and query would never get there.
func upstream(s *Settings, v []string) error {
	if err := address(func(s *Settings) **url.URL { return &s.Upstream.URL }, "http", "https", "unix")(s, v); err != nil {
		return err
	}
	if s.Upstream.URL.User != nil {
		return invalid("holds a name or password, which the upstream would not get; say them in headers, as Authorization")
	}
	return nil
}

// site reads redirection-url: a path would not be where the gatekeeper's endpoints are.
func site(s *Settings, v []string) error {
	set := address(func(s *Settings) **url.URL { return &s.Site.URL }, "http", "https")
	if err := set(s, v); err != nil {
		return err
	}
	if u := s.Site.URL; strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return invalid("has more than scheme and host; paths are in base-uri and oauth-uri")
	}
	return nil
}

func sameSite(s *Settings, v []string) error {
	modes := map[string]http.SameSite{"Strict": http.SameSiteStrictMode, "Lax": http.SameSiteLaxMode, "None": http.SameSiteNoneMode}
	mode, ok := modes[v[0]]
	if !ok {
		return invalid("is none of Strict, Lax, None")
	}
	s.Session.SameSite = mode
	return nil
}

func resources(s *Settings, v []string) error {
	for _, one := range v {
		r, err := resource.Parse(one)
		if err != nil {
			return err
		}
		s.Access.Resources = append(s.Access.Resources, r)
	}
	return nil
}

// expressions reads what claims must match, from beginning to end: "admin" is not "no-admin".
func expressions(s *Settings, v []string) error {
	all, err := split(v)
	if err != nil {
		return err
	}
	s.Access.Claims = map[string]*regexp.Regexp{}
	for name, text := range all {
		e, err := regexp.Compile(`\A(?:` + text + `)\z`)
		if err != nil {
			return invalid(strconv.Quote(text) + " is no regular expression")
		}
		s.Access.Claims[name] = e
	}
	return nil
}

func networks(s *Settings, v []string) error {
	for _, one := range v {
		p, err := netip.ParsePrefix(one)
		if a, bare := netip.ParseAddr(one); bare == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return invalid(strconv.Quote(one) + " is no address and no network")
		}
		s.Listen.Trusted = append(s.Listen.Trusted, p)
	}
	return nil
}

// secured is an option that does nothing unless the security filter is on. Off it may be named.
func secured(name string, set func(*Settings, []string) error) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		if len(v) > 0 && v[0] != "false" && v[0] != "" {
			s.needSecurity = append(s.needSecurity, name)
		}
		return set(s, v)
	}
}
