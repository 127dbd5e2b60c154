package server

import (
	"context"
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// health answers operators and their probes, in MicroProfile's form, which is Keycloak's.
type health struct {
	Status string  `json:"status"` // "UP" or "DOWN"
	Checks []probe `json:"checks"`
}

type probe struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

const (
	up   = "UP"
	down = "DOWN"
)

// probeTimeout is how long the database may take to answer before it counts as gone.
const probeTimeout = 3 * time.Second

// live: the process answers.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	return answerHealth(w, health{up, []probe{}})
}

// started: there is no server to ask before everything is wired.
func (s *Server) started(w http.ResponseWriter, _ *http.Request) error {
	return answerHealth(w, health{up, []probe{}})
}

// ready: requests can be served. Not while the database is away, nor once the server is stopping.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	h := health{up, []probe{{"Database connections", up}}}
	if err := s.store.Ping(ctx); err != nil {
		h.Checks[0].Status, h.Status = down, down
	}
	if s.stopping.Load() {
		h.Checks, h.Status = append(h.Checks, probe{"Graceful shutdown", down}), down
	}
	return answerHealth(w, h)
}

func answerHealth(w http.ResponseWriter, h health) error {
	status := http.StatusOK
	if h.Status == down {
		status = http.StatusServiceUnavailable
	}
	return render.JSON(w, status, h)
}

// managementRoutes is the surface of the management port, below the server's path too, where Keycloak
// has it.
func (s *Server) managementRoutes(c Config) http.Handler {
	mux := http.NewServeMux()
	paths := []string{""}
	if p := c.Public.path(); p != "" {
		paths = append(paths, p)
	}
	for _, path := range paths {
		if c.Management.Health {
			mux.Handle("GET "+path+"/health", render.Answer(c.log(), s.ready))
			mux.Handle("GET "+path+"/health/live", render.Answer(c.log(), s.live))
			mux.Handle("GET "+path+"/health/ready", render.Answer(c.log(), s.ready))
			mux.Handle("GET "+path+"/health/started", render.Answer(c.log(), s.started))
		}
		if c.Management.Metrics {
			mux.Handle("GET "+path+"/metrics", s.metrics.handler())
		}
	}
	return mux
}
