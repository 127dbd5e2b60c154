package server

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// roots are who may have issued the certificates of callers; nil where nobody is named. They are read at the start only:
// whom a server trusts does not change below it.
func (l Listen) roots() (*x509.CertPool, error) {
	if l.TrustStore == "" {
		return nil, nil
	}
	text, err := os.ReadFile(l.TrustStore)
	if err != nil {
		return nil, &fault.Invalid{Field: "https-trust-store-file", Message: err.Error()}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, &fault.Invalid{Field: "https-trust-store-file", Message: "no certificates in PEM: " + l.TrustStore}
	}
	return pool, nil
}

// askCallers lets a TLS configuration ask callers for certificates. Those that the roots did not issue for TLS clients end the
// handshake, also where none is required.
func (l Listen) askCallers(config *tls.Config) error {
	roots, err := l.roots()
	if err != nil {
		return err
	}
	switch l.ClientAuth {
	case "request":
		config.ClientAuth = tls.VerifyClientCertIfGiven
	case "required":
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	config.ClientCAs = roots
	return nil
}
