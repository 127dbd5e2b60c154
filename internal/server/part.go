package server

import (
	"net/http"
	"time"
)

// parting asks callers, once the server is stopping, to come back by a new connection (RFC 9112 §9.6; over HTTP/2 it is a
// GOAWAY). A connection that is kept until the server closes it may be closed just when a proxy sends the next request.
func (s *Server) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// linger returns after d, or with what a door failed by.
func linger(d time.Duration, failed <-chan error) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case err := <-failed:
		return err
	}
}
