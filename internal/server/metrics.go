package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
)

// metrics are the figures of one server. Names and labels are those of Keycloak, so that dashboards
// keep working. No label takes a value that callers choose.
type metrics struct {
	registry *prometheus.Registry
	events   *prometheus.CounterVec
	requests *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keycloak_user_events_total", Help: "Events by kind, realm and error, which is empty on success.",
		}, []string{"event", "realm", "error"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_server_requests_seconds", Help: "Duration of requests.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"method", "outcome", "status", "uri"}),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.events, m.requests)
	return m
}

// handler serves the figures in prometheus' format.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// event counts an event. The realm is named only where there is one of the name.
func (m *metrics) event(e event.Event) {
	name := e.RealmName
	if e.Realm == "" {
		name = ""
	}
	m.events.WithLabelValues(kindLabel(e.Kind), name, e.Error).Inc()
}

// request notes a request by the pattern of its address, not the address itself.
func (m *metrics) request(method, pattern string, status int, took time.Duration) {
	m.requests.WithLabelValues(knownMethod(method), outcome(status), strconv.Itoa(status), pattern).Observe(took.Seconds())
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}

// outcome is the class of a status, in the words of micrometer.
func outcome(status int) string {
	switch status / 100 {
	case 1:
		return "INFORMATIONAL"
	case 2:
		return "SUCCESS"
	case 3:
		return "REDIRECTION"
	case 4:
		return "CLIENT_ERROR"
	}
	return "SERVER_ERROR"
}
