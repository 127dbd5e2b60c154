package proxy

import (
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
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

// sameOrigin refuses what a page of another origin has a browser send with the cookies of who is signed in: changes, and
// WebSockets, which browsers let any page open.
func (g *Gatekeeper) sameOrigin(r *http.Request) error {
	asked := r
	if r.Header.Get("Upgrade") != "" {
		asked = &http.Request{Method: http.MethodPost, Header: r.Header, Host: r.Host, URL: r.URL}
	}
	if err := g.strangers.Check(asked); err != nil {
		return refusal.New(http.StatusForbidden, "access_denied", "Pages of other origins may not do this").Because(err)
	}
	return nil
}
