package server

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// certificate is a TLS certificate that follows its files: a renewed one is used without a restart.
type certificate struct {
	chain, key string // files

	mu      sync.Mutex
	pair    *tls.Certificate
	read    time.Time // when the files were last looked at
	changed time.Time // of the chain's file when pair was read
}

// lookEvery is how often the files are looked at.
const lookEvery = time.Minute

func loadCertificate(chain, key string) (*certificate, error) {
	c := &certificate{chain: chain, key: key}
	if err := c.load(time.Now()); err != nil {
		return nil, &fault.Invalid{Field: "https-certificate-file", Message: err.Error()}
	}
	return c, nil
}

// get gives the certificate to a handshake. Files that cannot be read, as in the middle of a renewal,
// leave the one that is in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.read) > lookEvery {
		_ = c.load(now)
	}
	return c.pair, nil
}

func (c *certificate) load(now time.Time) error {
	c.read = now
	info, err := os.Stat(c.chain)
	if err != nil {
		return err
	}
	if c.pair != nil && info.ModTime().Equal(c.changed) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.chain, c.key)
	if err != nil {
		return err
	}
	c.pair, c.changed = &pair, info.ModTime()
	return nil
}
