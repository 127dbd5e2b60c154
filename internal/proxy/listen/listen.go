// Package listen serves handlers at the addresses that callers come in by, with TLS or without, until it is told to stop.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Door is an address, and what answers there.
type Door struct {
	Address string // host:port, or unix://path
	Handler http.Handler
	TLS     *tls.Config // nil: without
}

// Limits are how long things may take. Zero is any time.
type Limits struct {
	Header time.Duration // until the headers of a request are there
	Answer time.Duration // until an answer ends
	Idle   time.Duration // that a connection is kept
}

// grace is how long requests may take to finish when serving ends.
const grace = 10 * time.Second

// maxHeader is how large the headers of a request may be: cookies are large.
const maxHeader = 128 << 10

// Serve serves doors until the context or one of them ends. Requests that are under way then are finished; connections that were
// upgraded are not waited for. ready is told the address of the first door.
func Serve(ctx context.Context, doors []Door, l Limits, log *slog.Logger, ready func(net.Addr)) error {
	var listeners []net.Listener
	for _, d := range doors {
		opened, err := open(d.Address)
		if err != nil {
			for _, before := range listeners {
				err = errors.Join(err, before.Close())
			}
			return err
		}
		listeners = append(listeners, opened)
	}
	ready(listeners[0].Addr())
	servers, failed := make([]*http.Server, len(doors)), make(chan error, len(doors))
	for i, d := range doors {
		servers[i] = &http.Server{Handler: d.Handler, TLSConfig: d.TLS, ReadHeaderTimeout: l.Header, WriteTimeout: l.Answer, IdleTimeout: l.Idle,
			MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
		go func() { failed <- run(servers[i], listeners[i]) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(end) != nil {
			_ = s.Close() // what did not finish is cut off
		}
	}
	return err
}

func run(s *http.Server, l net.Listener) error {
	if s.TLSConfig != nil {
		return s.ServeTLS(l, "", "")
	}
	return s.Serve(l)
}

// open listens on host:port, or on unix://path. A socket that is left of a former run is replaced.
func open(address string) (net.Listener, error) {
	path, socket := strings.CutPrefix(address, "unix://")
	if !socket {
		return net.Listen("tcp", address)
	}
	if i, err := os.Stat(path); err == nil && i.Mode()&os.ModeSocket != 0 {
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close() // it was opened to see whether anybody is there
			return nil, fmt.Errorf("listen: %s is in use", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return net.Listen("unix", path)
}
