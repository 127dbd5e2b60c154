package server

import (
	"context"
	"errors"
	"net/http"
)

// Server is a wired server: everything but the listeners.
type Server struct {
	handler    http.Handler
	management http.Handler
}

// New opens the database, makes the master realm where there is none, imports what Config.Import
// names and wires everything. The caller must Close the server. Errors name the setting at fault.
func New(ctx context.Context, c Config) (*Server, error) {
	return nil, errors.New("not wired")
}

// Handler is the whole public surface, Config.Public.Path included.
func (s *Server) Handler() http.Handler { return s.handler }

// Management is the surface of the management port: health and metrics.
func (s *Server) Management() http.Handler { return s.management }

// Close ends background work, writes what is queued, and closes the database.
func (s *Server) Close() error { return nil }

// Run serves until ctx is done, then lets requests finish, writes what is queued and returns.
func Run(ctx context.Context, c Config) error {
	s, err := New(ctx, c)
	if err != nil {
		return err
	}
	return s.Close()
}
