package proxy

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// trustOrigins reads which pages may make a browser act for who is signed in.
func (g *Gatekeeper) trustOrigins() error {
	g.strangers = http.NewCrossOriginProtection()
	origins := g.config.CORS.Origins
	if u := g.config.Site.URL; u != nil {
		origins = append([]string{u.Scheme + "://" + u.Host}, origins...)
	}
	for _, o := range origins {
		if o == "*" {
			continue // whoever may read without cookies may not act with them
		}
		if err := g.strangers.AddTrustedOrigin(o); err != nil {
			return &url.Error{Op: "cors-origins", URL: o, Err: err}
		}
	}
	return nil
}

// sameOrigin refuses what a page of another origin has a browser send with the cookies of who is signed in: changes, by whatever
// method the upstream may take a request for, and WebSockets, which browsers let any page open.
func (g *Gatekeeper) sameOrigin(r *http.Request) error {
	asked := r
	if r.Header.Get("Upgrade") != "" || slices.ContainsFunc(resource.Methods(r), changes) {
		asked = &http.Request{Method: http.MethodPost, Header: r.Header, Host: r.Host, URL: r.URL}
	}
	if err := g.strangers.Check(asked); err != nil {
		return refusal.New(http.StatusForbidden, "access_denied", "Pages of other origins may not do this").Because(err)
	}
	return nil
}

// fromHere tells whether somebody came from a page of this site, or by an address that they gave themselves. Browsers tell, but for old ones and
// for sites without TLS: these name the page, unless that forbids it, so that who tells nothing may come from anywhere.
func (g *Gatekeeper) fromHere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	from, err := url.Parse(r.Header.Get("Referer"))
	here := g.config.Site.URL
	return err == nil && here != nil && from.Scheme == here.Scheme && from.Host == here.Host
}

// changes tells whether a method is for more than looking (RFC 9110 §9.2.1).
func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
