package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
)

// upstreamTransport is how requests get to the upstream.
func upstreamTransport(u *Upstream) (*http.Transport, error) {
	config, err := clientTLS(u.CA, u.Certificate)
	if err != nil {
		return nil, err
	}
	config.InsecureSkipVerify = u.SkipVerify
	dialer := &net.Dialer{Timeout: u.Timeouts.Dial, KeepAlive: u.Timeouts.KeepAlive}
	t := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: config, TLSHandshakeTimeout: u.Timeouts.TLS,
		ResponseHeaderTimeout: u.Timeouts.Header, ExpectContinueTimeout: u.Timeouts.Continue, DisableKeepAlives: !u.KeepAlive,
		MaxIdleConns: u.MaxIdle, MaxIdleConnsPerHost: u.MaxIdleHost, DisableCompression: true}
	if u.URL.Scheme == "unix" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", u.URL.Path)
		}
	}
	return t, nil
}

// issuerHTTP is how the issuer is spoken to.
func issuerHTTP(c *Config) (*http.Client, error) {
	config, err := clientTLS(c.Issuer.CA, c.Upstream.Certificate)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8}
	if c.Issuer.Proxy != nil {
		t.Proxy = http.ProxyURL(c.Issuer.Proxy)
	}
	return &http.Client{Transport: t, Timeout: c.Issuer.Timeout}, nil
}

// clientTLS believes in who the file ca names, or the system, and shows the certificate of a file with its key.
func clientTLS(ca, certificate string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pool, err := authorities(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, certificate)
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

// buffers are what bodies are copied with.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func (b *buffers) Get() []byte {
	if one, ok := b.pool.Get().(*[]byte); ok {
		return *one
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(one []byte) { b.pool.Put(&one) }
