package proxy_test

import (
	"bytes"
	"crypto/tls"
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
