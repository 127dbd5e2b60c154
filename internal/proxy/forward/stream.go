package forward

import (
	"io"
	"net/http"
	"strings"
)

// stream is the body of an answer that goes on for as long as both like.
type stream struct {
	io.ReadCloser
	over func() // tells that it does not go on
}

func (s *stream) Close() error {
	s.over()
	return s.ReadCloser.Close()
}

// isStream tells whether an answer is a stream of events (HTML standard §9.2), whatever the request asked for.
func isStream(h http.Header) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/event-stream")
}
