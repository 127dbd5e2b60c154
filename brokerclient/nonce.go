package brokerclient

import (
	"net/http"
	"net/url"
	"sync"
)

// nonces are what servers said last that proofs have to name, by origin (RFC 9449 §8.2). The zero value is empty.
type nonces struct {
	mu sync.Mutex
	by map[string]string
}

func (n *nonces) of(u *url.URL) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.by[origin(u)]
}

func (n *nonces) keep(u *url.URL, h http.Header) {
	nonce := h.Get("DPoP-Nonce")
	if nonce == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.by == nil {
		n.by = map[string]string{}
	}
	n.by[origin(u)] = nonce
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
