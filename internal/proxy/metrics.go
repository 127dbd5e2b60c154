package proxy

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count what a gatekeeper does, under the names that Keycloak Gatekeeper gave.
type metrics struct {
	handler  http.Handler
	statuses *prometheus.CounterVec
	seconds  prometheus.Summary
	tokens   *prometheus.CounterVec
	bound    sync.Map // status and method → its counter
}

func newMetrics() *metrics {
	m := &metrics{
		statuses: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "proxy_request_status_total", Help: "Requests by status and method."}, []string{"code", "method"}),
		seconds:  prometheus.NewSummary(prometheus.SummaryOpts{Name: "proxy_request_duration_sec", Help: "How long requests took, in seconds."}),
		tokens:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "proxy_oauth_tokens_total", Help: "Tokens issued, renewed and exchanged, and failures of these."}, []string{"action"}),
	}
	all := prometheus.NewRegistry()
	all.MustRegister(m.statuses, m.seconds, m.tokens)
	m.handler = promhttp.HandlerFor(all, promhttp.HandlerOpts{})
	return m
}

// token counts what came of asking for a token.
func (m *metrics) token(action string, err error) {
	if err != nil {
		action += "_failed"
	}
	m.tokens.WithLabelValues(action).Inc()
}

type answered struct {
	status int
	method string
}

// count counts an answer. Methods that strangers make up are one.
func (m *metrics) count(status int, method string) {
	key := answered{status, method}
	if c, ok := m.bound.Load(key); ok {
		c.(prometheus.Counter).Inc()
		return
	}
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		key.method = "other"
	}
	c := m.statuses.WithLabelValues(strconv.Itoa(status), key.method)
	m.bound.Store(key, c)
	c.Inc()
}

// watch counts a request and, where it is asked for, logs it.
func (g *Gatekeeper) watch(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
	if !g.config.Site.Metrics && !g.config.Requests {
		serve(w, r)
		return
	}
	began := g.now()
	seen := &watched{ResponseWriter: w}
	defer func() {
		took := g.now().Sub(began)
		status := seen.status
		if status == 0 {
			status = http.StatusOK
		}
		g.metrics.count(status, r.Method)
		g.metrics.seconds.Observe(took.Seconds())
		if g.config.Requests {
			g.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.Int("status", status), slog.String("method", r.Method), slog.String("path", r.URL.Path),
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
