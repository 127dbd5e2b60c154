package forward

import (
	"maps"
	"net/http"
)

// lasting is a writer whose headers outlast interim answers of the upstream (1xx): httputil.ReverseProxy adds those of such an answer to
// what the gatekeeper said for the final one, sends them all, and forgets them all.
type lasting struct {
	http.ResponseWriter
	ours  http.Header // that the gatekeeper said before the upstream was asked
	taken bool        // by an interim answer
}

func keepHeaders(w http.ResponseWriter) *lasting {
	return &lasting{ResponseWriter: w, ours: maps.Clone(w.Header())}
}

// Header is that of the answer to come.
func (l *lasting) Header() http.Header {
	h := l.ResponseWriter.Header()
	if l.taken {
		l.taken = false
		maps.Copy(h, l.ours)
	}
	return h
}

// WriteHeader sends of an interim answer what the upstream wants fetched early (RFC 8297 §2), and nothing else: nobody looks at its other
// headers, among which the gatekeeper's cookies may be.
func (l *lasting) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		l.ResponseWriter.WriteHeader(status)
		return
	}
	h := l.ResponseWriter.Header()
	theirs := h["Link"][len(l.ours["Link"]):]
	clear(h)
	if len(theirs) > 0 {
		h["Link"] = theirs
	}
	l.ResponseWriter.WriteHeader(status)
	clear(h)
	l.taken = true
}

// Unwrap lets http.ResponseController flush and hijack what is below.
func (l *lasting) Unwrap() http.ResponseWriter { return l.ResponseWriter }
