package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are those of a server. Certificate and key are read again when the former changes.
type Files struct {
	Certificate, Key string
	ClientCA         string // who vouches for callers, who then must show a certificate; empty: they need none
}

// Server shows the certificate, and demands one of callers where somebody is named who vouches for them.
func Server(f Files, log *slog.Logger, now func() time.Time) (*tls.Config, error) {
	shown := &pair{certificate: f.Certificate, key: f.Key, log: log, now: now}
	if _, err := shown.get(nil); err != nil {
		return nil, fmt.Errorf("tls-cert: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: shown.get}
	if f.ClientCA != "" {
		pool, err := authorities(f.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("tls-ca-certificate: %w", err)
		}
		config.ClientCAs, config.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return config, nil
}

// pair is a certificate with its key, read again when its file changes.
type pair struct {
	certificate, key string
	log              *slog.Logger
	now              func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	written time.Time // when the file was, as it was read
	looked  time.Time
}

const lookAfter = 10 * time.Second // how long a file is believed not to have changed

func (k *pair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
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
	var read tls.Certificate
	if err == nil {
		read, err = tls.LoadX509KeyPair(k.certificate, k.key)
	}
	switch {
	case err == nil:
		k.current, k.written = &read, i.ModTime()
	case k.current == nil:
		return nil, err
	default: // half of a new pair may be there, the other on its way
		k.log.Warn("the certificate stays as it was", "cause", err)
	}
	return k.current, nil
}
