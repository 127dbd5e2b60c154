package setup

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/spelling"
	"github.com/tokenhouse/tokenhouse/internal/proxy"
)

// Option is one setting.
type Option struct {
	Name    string
	Default string // value where none is given; empty: none
	Absent  string // what happens without a value, in words, where Default does not say
	Help    string
	Kind    Kind
	Ours    bool // Keycloak Gatekeeper has none of this name
	set     func(s *Settings, values []string) error
}

// Kind is what values an option takes.
type Kind int

const (
	Text   Kind = iota // one value
	Toggle             // true or false; a flag alone is true
	List               // any number of values
	Map                // any number of name=value
)

// Settings are what options are read into.
type Settings struct {
	proxy.Config
	Verbose, JSON, Silent bool     // of the log
	Warnings              []string // what should be told at start

	discovery    string
	scopes       []string
	securityOn   bool
	requestID    bool
	requestName  string
	needSecurity []string // options that do nothing without enable-security-filter
}

// Refused are the options of Keycloak Gatekeeper that are not here, by name, with the reason as their help.
func Refused() []Option {
	var out []Option
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		o := Option{Name: name, Help: missing[name]}
		if slices.Contains(off, name) {
			o.Kind = Toggle
		}
		out = append(out, o)
	}
	return out
}

// Fixed are the switches of Keycloak Gatekeeper that can only be on, with the reason as their help.
func Fixed() []Option {
	var out []Option
	for _, name := range slices.Sorted(maps.Keys(always)) {
		out = append(out, Option{Name: name, Help: always[name], Kind: Toggle, Default: "true"})
	}
	return out
}

const (
	forwarding = "there is no forwarding proxy here; clients get tokens of their own with package brokerclient"
	acme       = "certificates are brought by who operates the machine; give tls-cert and tls-private-key, which are read again when they change"
	selfSigned = "a certificate that nobody can verify protects from nobody; give tls-cert and tls-private-key"
	oneLook    = "pages are built in, and say what is wrong and how to mend it"
)

// missing are reasons by name. What was a switch may be there as long as it is off.
var missing = map[string]string{
	"skip-token-verification":         "spell it unsafe-skip-token-verification, and keep the gatekeeper from everybody but yourself",
	"skip-openid-provider-tls-verify": "whoever stands between could make tokens that are believed; name who vouches for its certificate in openid-provider-ca",
	"enable-forwarding":               forwarding,
	"forwarding-username":             forwarding,
	"forwarding-password":             forwarding,
	"forwarding-domains":              forwarding,
	"tls-ca-key":                      forwarding,
	"use-letsencrypt":                 acme,
	"letsencrypt-cache-dir":           acme,
	"enable-self-signed-tls":          selfSigned,
	"self-signed-tls-hostnames":       selfSigned,
	"self-signed-tls-expiration":      selfSigned,
	"enable-login-handler":            "people give their password to the issuer and to nobody else (RFC 9700 §2.4)",
	"enable-compression":              "compressed answers that hold secrets and what callers sent tell one by the other; let the upstream choose what to compress",
	"enable-profiling":                "profiles tell much, and are not served beside what the gatekeeper protects",
	"enabled-proxy-protocol":          "addresses are told by X-Forwarded-For; name the proxies that are believed in trusted-proxies",
	"store-url":                       "sessions are in cookies, and nothing is stored",
	"cookie-refresh-name":             "one cookie holds the session, so that no part of it can be swapped for another's; name it in cookie-access-name",
	"sign-in-page":                    oneLook,
	"forbidden-page":                  oneLook,
	"tags":                            oneLook,
	"filter-browser-xss":              "browsers have dropped the filter that it speaks of; content-security-policy does more",
	"invalid-auth-redirects-with-303": "only who looks at a page is sent to sign in, so that no browser sends a form along, by 302 as by 303",
	"enable-authorization-cookies":    "the gatekeeper's cookies are sealed, and nothing to anybody else",
}

// switches of missing that may be there as false.
var off = []string{"skip-token-verification", "skip-openid-provider-tls-verify", "enable-forwarding", "use-letsencrypt", "enable-self-signed-tls",
	"enable-login-handler", "enable-compression", "enable-profiling", "enabled-proxy-protocol", "filter-browser-xss", "enable-authorization-cookies", "invalid-auth-redirects-with-303"}

// always are switches of Keycloak Gatekeeper that cannot be turned off.
var always = map[string]string{
	"enable-encrypted-token": "cookies are encrypted in any case",
	"force-encrypted-cookie": "cookies are encrypted in any case",
	"http-only-cookie":       "scripts have no use for a cookie that they cannot read",
}

// Known finds an option by its name.
func Known(name string) (Option, bool) {
	i := slices.IndexFunc(options, func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return options[i], true
}

// All are the options that there are, in the order of the help.
func All() []Option { return slices.Clone(options) }

// near is the option whose name is most like another; empty where none is.
func near(name string) string {
	names := slices.Concat(slices.Sorted(maps.Keys(missing)), slices.Sorted(maps.Keys(always)))
	for _, o := range options {
		names = append(names, o.Name)
	}
	return spelling.Nearest(name, names, len(name)/3+1)
}

// variable is the environment variable of an option.
func variable(name string) string {
	return "PROXY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// former are variables that Keycloak Gatekeeper did not call as their options, with the names that they would have.
var former = map[string]string{"PROXY_ENABLE_REFRESH_TOKEN": "PROXY_ENABLE_REFRESH_TOKENS"}
