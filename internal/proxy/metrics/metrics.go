// Package metrics counts what a gatekeeper does, under the names that Keycloak Gatekeeper gave, and logs requests.
package metrics

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the counts of one gatekeeper. New makes them.
type Metrics struct {
	Handler  http.Handler // tells them to Prometheus
	statuses *prometheus.CounterVec
	seconds  prometheus.Summary
	tokens   *prometheus.CounterVec
	bound    sync.Map // status and method → its counter
	now      func() time.Time
	log      *slog.Logger
}

// New begins to count. log gets a line about each request; nil: none is written.
func New(now func() time.Time, log *slog.Logger) *Metrics {
	m := &Metrics{now: now, log: log,
		statuses: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "proxy_request_status_total", Help: "Requests by status and method."}, []string{"code", "method"}),
		seconds:  prometheus.NewSummary(prometheus.SummaryOpts{Name: "proxy_request_duration_sec", Help: "How long requests took, in seconds."}),
		tokens:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "proxy_oauth_tokens_total", Help: "Tokens issued, renewed and exchanged, and failures of these."}, []string{"action"}),
	}
	all := prometheus.NewRegistry()
	all.MustRegister(m.statuses, m.seconds, m.tokens)
	m.Handler = promhttp.HandlerFor(all, promhttp.HandlerOpts{})
	return m
}

// Token counts what came of asking for a token.
func (m *Metrics) Token(action string, err error) {
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
func (m *Metrics) count(status int, method string) {
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
