package proxy_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCertificateIsRenewed: a certificate that is replaced while the gatekeeper runs is shown to new connections, as soon as its key is there
// too; nothing is shown that is half of one and half of the other, or nothing at all.
func TestCertificateIsRenewed(t *testing.T) {
	dir, _ := certificates(t)
	later, _ := certificates(t)
	g := newGate(t, newProvider(t), flags{"listen": "127.0.0.1:0", "tls-cert": dir + "/cert.pem", "tls-private-key": dir + "/key.pem"})
	at := run(t, g)
	shown := func() []byte {
		t.Helper()
		c, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Raw
	}
	written := time.Now()
	bring := func(name string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(later, name))
		if err != nil {
			t.Fatal(err)
		}
		written = written.Add(time.Second) // file systems may not tell two writes of a moment apart
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), written, written); err != nil {
			t.Fatal(err)
		}
		g.skip(time.Minute)
	}
	first := shown()
	bring("cert.pem")
	if got := shown(); !bytes.Equal(got, first) || !strings.Contains(g.log.String(), "the certificate stays as it was") {
		t.Error("a certificate without its key is shown")
	}
	bring("key.pem")
	second := shown()
	if bytes.Equal(second, first) {
		t.Error("the old certificate is shown")
	}
	if err := os.Remove(filepath.Join(dir, "cert.pem")); err != nil {
		t.Fatal(err)
	}
	g.skip(time.Minute)
	if !bytes.Equal(shown(), second) {
		t.Error("a certificate that is gone is not shown")
	}
}

// certificates is a directory with ca.pem, and certificates of it for 127.0.0.1: pair.pem with its key, cert.pem and key.pem.
func certificates(t *testing.T) (dir string, pool *x509.CertPool) {
	t.Helper()
	dir = t.TempDir()
	newKey := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	write := func(name string, blocks ...*pem.Block) {
		var text []byte
		for _, b := range blocks {
			text = append(text, pem.EncodeToMemory(b)...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	caKey, key := newKey(), newKey()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	caRaw, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	keyRaw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, private := &pem.Block{Type: "CERTIFICATE", Bytes: raw}, &pem.Block{Type: "PRIVATE KEY", Bytes: keyRaw}
	write("ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: caRaw})
	write("cert.pem", certificate)
	write("key.pem", private)
	write("pair.pem", certificate, private)
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(caRaw)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return dir, pool
}
