package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Limits on connections: slow callers must not keep them.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// Run serves until ctx is done. Then it tells probes that it is no longer ready, goes on serving for
// Listen.Delay, lets requests finish within Listen.Grace, writes what is queued, and returns. A
// *fault.Invalid names the option that cannot be served.
func Run(ctx context.Context, c Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	doors, err := open(ctx, c)
	if err != nil {
		return err
	}
	release, err := Own(c.Database)
	if err != nil {
		return errors.Join(err, shut(doors))
	}
	s, err := New(ctx, c)
	if err != nil {
		return errors.Join(err, shut(doors), release())
	}
	paced, stop := context.WithCancel(ctx)
	s.background.Go(func() { pace(paced) })
	reason := s.serve(ctx, c, doors)
	stop()
	return errors.Join(reason, s.Close(), release())
}

// door is a listener and who answers there.
type door struct {
	name     string // as it is logged
	listener net.Listener
	operator bool // answers operators, not callers
}

// open binds all addresses before anything is written to the database, so that a port that is taken
// is the first thing to be told.
func open(ctx context.Context, c Config) (doors []door, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, shut(doors))
		}
	}()
	bind := func(name, host string, port int, operator bool, config *tls.Config) error {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("listen for %s: %w", name, err)
		}
		if config != nil {
			l = tls.NewListener(l, config)
		}
		doors = append(doors, door{name, l, operator})
		return nil
	}
	var secured *tls.Config
	if c.Listen.Certificate != "" {
		pair, err := loadCertificate(c.Listen.Certificate, c.Listen.Key)
		if err != nil {
			return nil, err
		}
		secured = &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
		callers := secured.Clone() // operators show none
		if err := c.Listen.askCallers(callers); err != nil {
			return doors, err
		}
		if err := bind("HTTPS", c.Listen.Host, c.Listen.HTTPSPort, false, callers); err != nil {
			return doors, err
		}
	}
	if c.Listen.HTTP {
		if err := bind("HTTP", c.Listen.Host, c.Listen.HTTPPort, false, nil); err != nil {
			return doors, err
		}
	}
	if c.Management.Health || c.Management.Metrics {
		if err := bind("management", c.Management.Host, c.Management.Port, true, secured); err != nil {
			return doors, err
		}
	}
	return doors, nil
}

func shut(doors []door) error {
	var errs []error
	for _, d := range doors {
		errs = append(errs, d.listener.Close())
	}
	return errors.Join(errs...)
}

// serve answers at all doors until ctx is done or one of them fails.
func (s *Server) serve(ctx context.Context, c Config, doors []door) error {
	public, operators := httpServer(s.parting(s.Handler()), c.log()), httpServer(s.Management(), c.log())
	failed := make(chan error, len(doors))
	for _, d := range doors {
		who := public
		if d.operator {
			who = operators
		}
		c.log().InfoContext(ctx, "listening", "for", d.name, "address", d.listener.Addr().String())
		go func() { failed <- who.Serve(d.listener) }()
	}
	var reason error
	select {
	case <-ctx.Done():
	case reason = <-failed:
	}
	s.stopping.Store(true)
	c.log().InfoContext(ctx, "stopping", "delay", c.Listen.Delay.String(), "grace", c.Listen.Grace.String())
	if reason == nil {
		reason = linger(c.Listen.Delay, failed)
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Listen.Grace)
	defer cancel()
	drained := public.Shutdown(grace)
	if errors.Is(drained, context.DeadlineExceeded) { // what is still running is cut off, or the store would close below it
		drained = public.Close()
	}
	return errors.Join(reason, drained, operators.Close())
}

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // broken handshakes and the like
	}
}
