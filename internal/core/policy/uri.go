package policy

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// number is a setting that is a whole number, or what stands for it where it is none.
func number(p *realm.PolicyPart, setting string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(p.Text(setting), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// separator stands between the values of an attribute that has several.
const separator = "##"

// addresses are those of a client, by the names that refusals have for them.
type addresses struct {
	name string
	all  []string
}

// addresses are all addresses of the client, in the order in which they are looked at.
func (s *state) addresses() []addresses {
	c := s.client()
	several := func(attribute string) []string { return strings.Split(s.attribute(attribute), separator) }
	return []addresses{
		{"rootUrl", []string{c.RootURL}},
		{"adminUrl", []string{c.AdminURL}},
		{"baseUrl", []string{c.BaseURL}},
		{"logoutUrl", []string{c.Logout.BackChannelURL}},
		{"frontChannelLogoutUrl", []string{c.Logout.FrontChannelURL}},
		{"redirectUris", c.RedirectURIs},
		{"webOrigins", c.WebOrigins},
		{"jwksUri", []string{c.JWKSURL}},
		{"requestUris", several("request.uris")},
		{"cibaClientNotificationEndpoint", []string{s.attribute("ciba.backchannel.client.notification.endpoint")}},
		{"postLogoutUris", c.Logout.RedirectURIs},
		{"logoUri", []string{s.attribute("logoUri")}},
		{"tosUri", []string{s.attribute("tosUri")}},
		{"policyUri", []string{s.attribute("policyUri")}},
		{"sectorIdentifierUri", []string{s.attribute("sectorIdentifierUri")}},
	}
}

// secureURIs asks that whatever address a client has is one by TLS, without wildcards. "+" is no address: it means
// those of another list.
func secureURIs(s *state, p *realm.PolicyPart) *oauth.Error {
	if !changed(s) {
		return secureRedirect(s.Authorize.RedirectURI, p.On("allow-http-on-localhost"))
	}
	if c := s.client(); s.Stage == Register && c.RootURL != "" && !s.Names("redirectUris") {
		s.edit().RedirectURIs = []string{c.RootURL} // what would be made of it else has a wildcard
	}
	for _, a := range s.addresses() {
		for _, uri := range a.all {
			if uri == "" || uri == "+" || a.name == "sectorIdentifierUri" {
				continue
			}
			if !strings.HasPrefix(uri, "https://") || strings.Contains(uri, "*") {
				return refuse(invalidMetadata, "Invalid "+a.name)
			}
		}
	}
	return nil
}

func secureRedirect(uri string, local bool) *oauth.Error {
	switch {
	case uri == "":
		return refuse(oauth.InvalidRequest, "no redirect_uri specified.")
	case strings.Contains(uri, "*"):
	case strings.HasPrefix(uri, "https://"):
		return nil
	case local && here(uri):
		return nil
	}
	return refuse(oauth.InvalidRequest, "Invalid redirect_uri")
}

// here tells whether an address leads to the browser's own machine, by http. One that only begins like that does not.
func here(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

// patternNames are what secure-client-uris-pattern calls addresses that have another name in refusals.
var patternNames = map[string]string{
	"logoutUrl": "backchannelLogoutUrl", "postLogoutUris": "postLogoutRedirectUris",
}

// uriPatterns asks that each address of a client matches one of some patterns. A pattern that cannot be read matches
// nothing.
func uriPatterns(s *state, p *realm.PolicyPart) *oauth.Error {
	var allowed []*pattern.Pattern
	for _, text := range p.Config["allowed-patterns"] {
		if fits, err := pattern.Compile(text); err == nil {
			allowed = append(allowed, fits)
		}
	}
	fields := p.Config["client-uri-fields"]
	for _, a := range s.addresses() {
		name := a.name
		if other, ok := patternNames[name]; ok {
			name = other
		}
		if len(fields) > 0 && !slices.Contains(fields, name) {
			continue
		}
		for _, uri := range a.all {
			switch {
			case uri == "":
			case len(allowed) == 0:
				return refuse(invalidMetadata, "Invalid "+name+": No valid allowed patterns configured")
			case !slices.ContainsFunc(allowed, func(fits *pattern.Pattern) bool { return fits.Matches(uri) }):
				return refuse(invalidMetadata, "Invalid "+name)
			}
		}
	}
	return nil
}

// secureRedirects asks that answers go only where the policy says: to what kind of address, and how it is written.
func secureRedirects(s *state, p *realm.PolicyPart) *oauth.Error {
	c := s.client()
	if !c.StandardFlow && !c.ImplicitFlow {
		return nil
	}
	if !changed(s) {
		return checkRedirect(s.Authorize.RedirectURI, p, true)
	}
	if len(c.RedirectURIs) == 0 {
		return errRedirect
	}
	if p.On("allow-open-redirect") {
		return nil
	}
	for _, uri := range slices.Concat(c.RedirectURIs, c.Logout.RedirectURIs) {
		if uri == "+" {
			continue
		}
		if strings.HasPrefix(uri, "/") {
			uri = strings.TrimSuffix(c.RootURL, "/") + uri
		}
		if no := checkRedirect(uri, p, false); no != nil {
			return no
		}
	}
	return nil
}

var (
	errRedirect = refuse(oauth.InvalidRequest, "Invalid Redirect Uri: invalid uri")
	errLoopback = refuse(oauth.InvalidRequest, "Invalid Redirect Uri: invalid loopback address")
	errPrivate  = refuse(oauth.InvalidRequest, "Invalid Redirect Uri: invalid private use scheme")
)

// checkRedirect judges one address: of an authorization request, where asked, or of a client.
func checkRedirect(text string, p *realm.PolicyPart, asked bool) *oauth.Error {
	u, err := url.Parse(strings.Replace(text, ":*", ":0", 1)) // a wildcard is no port
	if err != nil || text == "" {
		return errRedirect
	}
	strict := p.On("oauth-2-1-compliant")
	written := (p.On("allow-wildcard-context-path") && !strict && oneWildcard(text) || !strings.Contains(text, "*")) &&
		!(strict && strings.Contains(text, "#"))
	switch host := u.Hostname(); {
	case loopback(host):
		allowed := "allow-ipv4-loopback-address"
		if strings.Contains(host, ":") {
			allowed = "allow-ipv6-loopback-address"
		}
		if !p.On(allowed) || !written || u.Scheme == "http" && !p.On("allow-http-scheme") || strict && !strictLoopback(u, asked) {
			return errLoopback
		}
	case u.Scheme == "http" || u.Scheme == "https":
		if !written || u.Scheme == "http" && (strict || !p.On("allow-http-scheme")) || !permittedDomain(host, p) {
			return errRedirect
		}
	case u.Scheme != "":
		if !p.On("allow-private-use-uri-scheme") || !written || strict && !strings.Contains(u.Scheme, ".") {
			return errPrivate
		}
	default:
		return errRedirect
	}
	return nil
}

// strictLoopback tells whether an address of this machine is as OAuth 2.1 §8.4.2 has it: by number, with a port when
// it is asked for, and without one where it is registered.
func strictLoopback(u *url.URL, asked bool) bool {
	host := u.Hostname()
	return host != "localhost" && (!strings.Contains(host, ":") || host == "::1") && asked == (u.Port() != "")
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// oneWildcard tells whether all that is wild in an address is how its path ends.
func oneWildcard(text string) bool {
	return strings.Count(text, "*") <= 1 && (!strings.Contains(text, "*") || strings.HasSuffix(text, "/*"))
}

func permittedDomain(host string, p *realm.PolicyPart) bool {
	domains := p.Config["allow-permitted-domains"]
	return len(domains) == 0 || slices.ContainsFunc(domains, func(text string) bool {
		fits, err := pattern.Compile(text)
		return err == nil && fits.Matches(host)
	})
}
