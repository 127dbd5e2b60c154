package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Client believes in who the file ca names, or the system, and shows the certificate of the file own with its key. Either may be empty.
func Client(ca, own string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pool, err := authorities(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	if own != "" {
		pair, err := tls.LoadX509KeyPair(own, own)
		if err != nil {
			return nil, fmt.Errorf("tls-client-certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// authorities are the certificates of a PEM file.
func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
