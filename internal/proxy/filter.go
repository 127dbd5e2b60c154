package proxy

import (
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"strings"
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
		g.refuse(w, r, refused(http.StatusMisdirectedRequest, "invalid_request", "This host is not served here"))
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
