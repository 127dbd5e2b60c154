package realm

import (
	"net/url"
	"slices"
	"strings"
)

// Origins are the web origins whose pages may call as this client, as "https://app.example"; "*" is
// any. A "+" among the client's web origins stands for the origins of its redirect URIs; those that
// begin with "/" are below the client's root URL, or below base, the server's own, where it has none.
func (c *Client) Origins(base string) []string {
	var out []string
	add := func(origin string) {
		if origin != "" && !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	for _, o := range c.WebOrigins {
		if o != "+" {
			add(o)
			continue
		}
		for _, o := range c.RedirectOrigins(base) {
			add(o)
		}
	}
	return out
}

// RedirectOrigins are the origins of the client's redirect URIs; those that are no web addresses, as
// of mobile applications, have none.
func (c *Client) RedirectOrigins(base string) []string {
	root := strings.ReplaceAll(c.RootURL, "${authBaseUrl}", base)
	root = strings.ReplaceAll(root, "${authAdminUrl}", base)
	if root == "" {
		root = base
	}
	var out []string
	for _, uri := range c.RedirectURIs {
		if strings.HasPrefix(uri, "/") {
			uri = root
		}
		if o := OriginOf(uri); o != "" && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// AllowsOrigin tells whether a page of this origin (RFC 6454 §7) may call as the client.
func (c *Client) AllowsOrigin(base, origin string) bool { return AmongOrigins(c.Origins(base), origin) }

// AmongOrigins tells whether web origins, of which "*" is any, name this one.
func AmongOrigins(origins []string, origin string) bool {
	return slices.Contains(origins, "*") || slices.Contains(origins, origin)
}

// OriginOf is the origin of a web address, or "". Redirect URIs are patterns: "*" may end them.
func OriginOf(uri string) string {
	u, err := url.Parse(strings.TrimSuffix(uri, "*"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
