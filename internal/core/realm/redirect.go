package realm

import (
	"net/url"
	"slices"
	"strings"
)

// Redirect finds the address that the answer to an authorization request goes to. What the request named, which
// may be nothing, must be among the client's redirect URIs: exactly, or below one that ends in "*". Without a
// name it is the only one that the client has, where optional says that it may be left out. base is the
// server's own URL, for URIs that are relative. It is "" where the request must be refused: nothing may be
// sent to an address that is not the client's (RFC 6749 §3.1.2.4).
func (c *Client) Redirect(base, named string, optional bool) string {
	allowed := c.redirects(base)
	if named == "" {
		if optional && len(allowed) == 1 && !strings.Contains(allowed[0], "*") {
			return allowed[0]
		}
		return ""
	}
	if permitted(allowed, named) {
		return named
	}
	return ""
}

// Registrable tells whether a client that registers an address can be sent to it.
func Registrable(uri string) bool { return sound(uri) && !strings.Contains(uri, "*") }

// permitted tells whether a browser may be sent to an address: it is sound, and is one of those that are allowed. A
// program on the caller's own machine gets its port from the operating system, so the port of a loopback address
// that is registered without one is free (RFC 8252 §7.3).
func permitted(allowed []string, uri string) bool {
	return sound(uri) && (matches(allowed, uri) || matches(allowed, portless(uri)))
}

// matches tells whether an address is one of those that are allowed, or below one that ends in "*". A "*" in a query
// is only itself.
func matches(allowed []string, uri string) bool {
	for _, a := range allowed {
		if a != "" && a == uri {
			return true
		}
		if prefix, below := strings.CutSuffix(a, "*"); below && !strings.Contains(a, "?") && beneath(prefix, uri) {
			return true
		}
	}
	return false
}

// portless is a loopback address without its port, and "" of any other address.
func portless(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Port() == "" {
		return ""
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		if rest, ok := strings.CutPrefix(uri, "http://"+u.Host); ok {
			return "http://" + strings.TrimSuffix(u.Host, ":"+u.Port()) + rest
		}
	}
	return ""
}

// Home is the client's own address, for links back to it; empty where it has none that a browser can open.
func (c *Client) Home(base string) string {
	home := c.BaseURL
	if strings.HasPrefix(home, "/") {
		home = c.root(base) + home
	}
	home = c.resolved(base, home)
	if !web(home) {
		return ""
	}
	return home
}

// redirects are the client's redirect URIs, complete.
func (c *Client) redirects(base string) []string {
	var out []string
	for _, uri := range c.RedirectURIs {
		out = append(out, c.complete(base, uri))
	}
	return out
}

// complete is a registered URI with what it is below, where it is relative.
func (c *Client) complete(base, uri string) string {
	if strings.HasPrefix(uri, "/") {
		uri = c.root(base) + uri
	}
	return c.resolved(base, uri)
}

// root is what the client's relative addresses are below.
func (c *Client) root(base string) string {
	if c.RootURL == "" {
		return base
	}
	return strings.TrimSuffix(c.resolved(base, c.RootURL), "/")
}

// resolved puts the server's URL where the built-in clients have a name for it.
func (c *Client) resolved(base, uri string) string {
	uri = strings.ReplaceAll(uri, "${authBaseUrl}", base)
	return strings.ReplaceAll(uri, "${authAdminUrl}", base)
}

// sound tells whether an address can be redirected to at all: it is absolute, runs no script, names no user, has no
// part of an answer in it, and no dots in its path lead elsewhere than it seems.
func sound(uri string) bool {
	if strings.ContainsFunc(uri, inNoURI) {
		return false
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || u.User != nil || answers(u.RawQuery) || answers(u.EscapedFragment()) {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "javascript", "data", "vbscript", "blob", "file", "about":
		return false
	case "http", "https":
		if u.Host == "" {
			return false
		}
	}
	path := u.EscapedPath() + u.Opaque
	for range 3 { // encoded once, or again by a proxy on the way
		for step := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
			if step, _, _ = strings.Cut(step, ";"); step == ".." || step == "." { // RFC 3986 §3.3: "..;x" is ".." to many servers
				return false
			}
		}
		decoded, err := url.PathUnescape(path)
		if err != nil {
			return false
		}
		path = decoded
	}
	return true
}

// answerFields are the parameters of an answer to an authorization request.
var answerFields = []string{"code", "state", "session_state", "iss", "error", "error_description", "access_token", "id_token", "token_type",
	"expires_in", "response", "kc_action", "kc_action_status"}

// answers tells whether a query, or a fragment that is written like one, has a parameter of an answer: the client
// could take what whoever made the address wrote for what the server says.
func answers(query string) bool {
	for parameter := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		if plain, err := url.QueryUnescape(name); err != nil || slices.Contains(answerFields, strings.ToLower(plain)) {
			return true
		}
	}
	return false
}

// beneath tells whether an address is below the part of a redirect URI before its "*". The part decides scheme
// and host unless it is empty, which is any web address.
func beneath(prefix, uri string) bool {
	if prefix == "" {
		return web(uri)
	}
	if !strings.HasPrefix(uri, prefix) {
		// "https://app.example/*" is "https://app.example" too, with any query, as in Keycloak.
		bare, _, _ := strings.Cut(uri, "?")
		return strings.HasSuffix(prefix, "/") && bare == strings.TrimSuffix(prefix, "/")
	}
	p, err := url.Parse(prefix)
	if err != nil {
		return false
	}
	u, err := url.Parse(uri)
	if err != nil || p.Host == "" {
		return err == nil
	}
	anyPort := strings.HasSuffix(p.Host, ":") && p.Hostname() == u.Hostname() // "http://127.0.0.1:*"
	return p.Scheme == u.Scheme && (p.Host == u.Host || anyPort)
}

func web(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
