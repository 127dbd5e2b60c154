package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/web/oidc"
)

// Server is a wired server: everything but the listeners.
type Server struct {
	store      *store.Store
	metrics    *metrics
	handler    http.Handler
	management http.Handler
	decisions  *ledger.Log
	stopping   atomic.Bool
	background sync.WaitGroup
	cancel     context.CancelFunc
}

// New opens the database, makes the master realm where there is none, imports what Config.Import
// names and wires everything. The caller must Close the server.
func New(ctx context.Context, c Config) (*Server, error) {
	roots, err := c.Listen.roots()
	if err != nil {
		return nil, err
	}
	st, err := OpenStore(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, st, c); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	s := &Server{store: st, metrics: newMetrics(), decisions: decisionLog(st, c)}
	events := &recorder{realms: st, store: st, decisions: s.decisions, log: c.log(), metrics: s.metrics}
	people := newAccounts(st, c, events)
	deps, inspector, browser := endpoints(st, c, people)
	deps.Callers.Roots = roots
	f := &front{next: branch(administration(st, c, deps, inspector, people), ownAccounts(st, c, deps, inspector, browser, people, oidc.New(deps))), path: c.Public.path(), metrics: s.metrics}
	if c.AccessLog {
		f.log = c.log()
	}
	s.handler, s.management = f, s.managementRoutes(c)

	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.background.Go(func() { sweep(background, st, c.clock(), c.log()) })
	s.background.Go(func() {
		<-background.Done()
		people.herald.Wait()
	})
	return s, nil
}

// Handler is the whole public surface, Config.Public.Path included.
func (s *Server) Handler() http.Handler { return s.handler }

// Management is the surface of the management port: health and metrics.
func (s *Server) Management() http.Handler { return s.management }

// Store is the server's database.
func (s *Server) Store() *store.Store { return s.store }

// Close ends background work, writes what is queued, and closes the database. No request may be on
// its way any more.
func (s *Server) Close() error {
	s.cancel()
	s.background.Wait()
	s.decisions.Close()
	return s.store.Close()
}

// sweepEvery is how often what has expired is deleted. Nothing that is correct depends on it: what
// has expired is refused from that moment on.
const sweepEvery = 5 * time.Minute

func sweep(ctx context.Context, st *store.Store, now func() time.Time, log *slog.Logger) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := st.Sweep(ctx, now()); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "expired entries were not deleted", "cause", err)
		}
	}
}
