package metrics

import (
	"log/slog"
	"net/http"
)

// Watch has a request served, and counts and logs it.
func (m *Metrics) Watch(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	began := m.now()
	seen := &watched{ResponseWriter: w}
	defer func() {
		took := m.now().Sub(began)
		status := seen.status
		if status == 0 {
			status = http.StatusOK
		}
		m.count(status, r.Method)
		m.seconds.Observe(took.Seconds())
		if m.log != nil {
			m.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.Int("status", status), slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.String("remote", r.RemoteAddr), slog.Duration("took", took))
		}
	}()
	serve(seen, r)
}

// watched notes the status of an answer.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush and hijack what is below.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
