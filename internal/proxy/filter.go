package proxy

import (
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
)

// filter adds to a request and its answer what the configuration says, and answers requests for hosts that are not served here.
func (g *Gatekeeper) filter(w http.ResponseWriter, r *http.Request) (goes bool) {
	f, h := &g.config.Filter, w.Header()
	if f.NoSniff {
		h["X-Content-Type-Options"] = []string{"nosniff"}
	}
	if f.NoFrame {
		h["X-Frame-Options"] = []string{"DENY"}
	}
	if f.Policy != "" {
		h["Content-Security-Policy"] = []string{f.Policy}
	}
	for name, value := range f.Headers {
		h.Set(name, value)
	}
	if f.RequestID != "" && r.Header.Get(f.RequestID) == "" {
		r.Header.Set(f.RequestID, rand.Text())
	}
	if len(f.Hosts) > 0 && !slices.Contains(f.Hosts, hostname(r.Host)) {
		g.refuse(w, r, refusal.New(http.StatusMisdirectedRequest, "invalid_request", "This host is not served here"))
		return false
	}
	return true
}

// hostname is the host of a Host header, in small letters and without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// headersSaid are the headers of answers that the configuration sets: an upstream that sets them too would have them there twice.
func headersSaid(c *Config) []string {
	var all []string
	for name, set := range map[string]bool{"X-Content-Type-Options": c.Filter.NoSniff, "X-Frame-Options": c.Filter.NoFrame, "Content-Security-Policy": c.Filter.Policy != ""} {
		if set {
			all = append(all, name)
		}
	}
	for name := range c.Filter.Headers {
		all = append(all, http.CanonicalHeaderKey(name))
	}
	if len(c.CORS.Origins) > 0 {
		all = append(all, "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")
	}
	return all
}
