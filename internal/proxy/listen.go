package proxy

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
	"sync"
	"time"
)

// grace is how long requests may take to finish when the gatekeeper stops.
const grace = 10 * time.Second

// Run serves a gatekeeper until the context ends. Requests that are under way then are finished; connections that were upgraded
// are not waited for. ready, which may be nil, is told the address that is listened on.
func (g *Gatekeeper) Run(ctx context.Context, ready func(net.Addr)) error {
	c := &g.config.Listen
	main, err := listen(c.Address)
	if err != nil {
		return err
	}
	servers := []*http.Server{g.server(g)}
	if c.TLS.Certificate != "" {
		if servers[0].TLSConfig, err = g.serverTLS(); err != nil {
			return errors.Join(err, main.Close())
		}
	}
	listeners := []net.Listener{main}
	if c.HTTP != "" {
		plain, err := listen(c.HTTP)
		if err != nil {
			return errors.Join(err, main.Close())
		}
		var handler http.Handler = g
		if c.ToHTTPS {
			handler = http.HandlerFunc(g.toHTTPS)
		}
		servers, listeners = append(servers, g.server(handler)), append(listeners, plain)
	}
	g.log.Info("gatekeeper listens", "address", main.Addr().String(), "upstream", g.config.Upstream.URL.Redacted(), "issuer", g.config.Issuer.URL)
	if ready != nil {
		ready(main.Addr())
	}
	return serve(ctx, servers, listeners)
}

// serve runs servers until the context or one of them ends.
func serve(ctx context.Context, servers []*http.Server, listeners []net.Listener) error {
	failed := make(chan error, len(servers))
	for i, s := range servers {
		go func() {
			if s.TLSConfig != nil {
				failed <- s.ServeTLS(listeners[i], "", "")
				return
			}
			failed <- s.Serve(listeners[i])
		}()
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

func (g *Gatekeeper) server(h http.Handler) *http.Server {
	c := &g.config.Listen
	return &http.Server{Handler: h, ReadHeaderTimeout: c.ReadTime, WriteTimeout: c.WriteTime, IdleTimeout: c.IdleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(g.log.Handler(), slog.LevelDebug)}
}

// maxHeader is how large the headers of a request may be: cookies are large.
const maxHeader = 128 << 10

// listen listens on host:port, or on unix://path. A socket that is left of a former run is replaced.
func listen(address string) (net.Listener, error) {
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

// toHTTPS sends browsers to the same page by TLS; never to where a request says that it is.
func (g *Gatekeeper) toHTTPS(w http.ResponseWriter, r *http.Request) {
	if g.config.Site.URL == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "This is served by HTTPS alone", http.StatusForbidden)
		return
	}
	http.Redirect(w, r, "https://"+g.config.Site.URL.Host+local(r.URL.RequestURI()), http.StatusMovedPermanently)
}

// serverTLS shows the certificate, and demands one of callers where the configuration names who vouches for them.
func (g *Gatekeeper) serverTLS() (*tls.Config, error) {
	c := &g.config.Listen.TLS
	pair := &keyPair{certificate: c.Certificate, key: c.Key, log: g.log, now: g.now}
	if _, err := pair.get(nil); err != nil {
		return nil, fmt.Errorf("tls-cert: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	if c.ClientCA != "" {
		pool, err := authorities(c.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("tls-ca-certificate: %w", err)
		}
		config.ClientCAs, config.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return config, nil
}

// keyPair is a certificate with its key, read again when its file changes.
type keyPair struct {
	certificate, key string
	log              *slog.Logger
	now              func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	written time.Time // when the file was, as it was read
	looked  time.Time
}

const lookAfter = 10 * time.Second // how long a file is believed not to have changed

func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != nil && k.now().Sub(k.looked) < lookAfter {
		return k.current, nil
	}
	k.looked = k.now()
	i, err := os.Stat(k.certificate)
	if err == nil && k.current != nil && i.ModTime().Equal(k.written) {
		return k.current, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(k.certificate, k.key)
	}
	switch {
	case err == nil:
		k.current, k.written = &pair, i.ModTime()
	case k.current == nil:
		return nil, err
	default: // half of a new pair may be there, the other on its way
		k.log.Warn("the certificate stays as it was", "cause", err)
	}
	return k.current, nil
}
