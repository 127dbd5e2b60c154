package idp

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// urls are the settings that are addresses, by the names that Keycloak's refusals give them.
var urls = []struct{ setting, name string }{
	{"authorizationUrl", "authorization_url"}, {"tokenUrl", "token_url"}, {"userInfoUrl", "userinfo_url"},
	{"jwksUrl", "jwks_url"}, {"logoutUrl", "logout_url"}, {"bundleEndpoint", "bundleEndpoint"},
}

// Check refuses a provider that cannot work, in Keycloak's words: a *fault.Invalid or *fault.Refused.
func Check(s *realm.Settings, p *realm.Provider) error {
	if strings.ContainsAny(p.Alias, " \t\r\n") {
		return &fault.Refused{Message: "Empty Space not allowed."}
	}
	if err := realm.CheckReserved(p.Alias); err != nil {
		return &fault.Refused{Message: err.Error()}
	}
	for _, u := range urls {
		if text := p.Config[u.setting]; text != "" {
			if err := checkURL(s, text, u.name); err != nil {
				return err
			}
		}
	}
	if err := checkKind(p); err != nil {
		return err
	}
	if issuer := p.Config["issuer"]; p.Kind == federation.KindKubernetes && issuer != "" { // keys are fetched from there
		if err := checkURL(s, issuer, "issuer"); err != nil {
			return err
		}
	}
	if kind, _ := Find(p.Kind); !kind.Is("TRUST_MATERIAL") {
		return nil
	}
	return checkKeys(p.Config)
}

// withPKCE are the kinds that have to say how they prove that it was they who asked for a code (RFC 7636), where they do.
var withPKCE = []string{"oauth2", "oidc", "keycloak-oidc", "github"}

// checkKind demands what providers of a kind cannot do without.
func checkKind(p *realm.Provider) error {
	switch {
	case p.Kind == "oauth2" && p.Config["userInfoUrl"] == "":
		return &fault.Invalid{Field: "config.userInfoUrl", Message: "User Info URL not provided"}
	case p.Kind == federation.KindGrant && p.Config["issuer"] == "":
		return &fault.Invalid{Field: "config.issuer", Message: "Issuer is required"}
	case slices.Contains(withPKCE, p.Kind) && p.Config["pkceEnabled"] == "true" && !slices.Contains([]string{"S256", "plain"}, p.Config["pkceMethod"]):
		return &fault.Invalid{Field: "config.pkceMethod", Message: "PKCE Method not supported: " + cmp.Or(p.Config["pkceMethod"], "null")}
	}
	return nil
}

func checkURL(s *realm.Settings, text, name string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return &fault.Invalid{Field: "config", Message: "The url [" + name + "] is malformed"}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return &fault.Invalid{Field: "config", Message: "Invalid protocol/scheme for url [" + name + "]"}
	}
	if u.Scheme == "http" && s.RequiresTLS(address(u.Hostname())) {
		return &fault.Invalid{Field: "config", Message: "The url [" + name + "] requires secure connections"}
	}
	return nil
}

// address is that of a host, as far as it can be told without asking for it.
func address(host string) netip.Addr {
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	addr, _ := netip.ParseAddr(host)
	return addr
}

// checkKeys demands something to validate signatures with.
func checkKeys(config map[string]string) error {
	if config["validateSignature"] != "true" {
		return nil
	}
	if config["useJwksUrl"] == "true" {
		if config["jwksUrl"] == "" {
			return &fault.Invalid{Field: "config.jwksUrl", Message: "The 'JWKS URL' is required when 'Validate signatures' enabled and 'Use JWKS URL' enabled"}
		}
		return nil
	}
	if config["publicKeySignatureVerifier"] == "" {
		return &fault.Invalid{Field: "config.publicKeySignatureVerifier",
			Message: "The 'Validating public key' is required when 'Validate signatures' enabled and 'Use JWKS URL' disabled"}
	}
	return nil
}
