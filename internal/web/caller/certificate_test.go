package caller_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/web/caller"
)

// issue makes a certificate, signed by parent, or by itself where that is nil.
func issue(t testing.TB, template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

func TestCertificate(t *testing.T) {
	const proxy, anybody, header = "10.0.0.1:1", "203.0.113.7:1", "Client-Cert"
	forClients := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	root, rootKey := issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true}, nil, nil)
	between, betweenKey := issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true}, root, rootKey)
	good, _ := issue(t, &x509.Certificate{ExtKeyUsage: forClients}, root, rootKey)
	far, _ := issue(t, &x509.Certificate{ExtKeyUsage: forClients}, between, betweenKey)
	old, _ := issue(t, &x509.Certificate{ExtKeyUsage: forClients, NotAfter: time.Now().Add(-time.Minute)}, root, rootKey)
	servers, _ := issue(t, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, root, rootKey)
	own, _ := issue(t, &x509.Certificate{ExtKeyUsage: forClients}, nil, nil)
	roots := x509.NewCertPool()
	roots.AddCert(root)

	bare := func(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }
	colons := func(c *x509.Certificate) string { return ":" + bare(c) + ":" }
	escaped := func(cs ...*x509.Certificate) string {
		var text []byte
		for _, c := range cs {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		return url.PathEscape(string(text))
	}
	behind := caller.Resolver{Headers: caller.XForwarded, Trusted: networks("10.0.0.0/8"), Roots: roots, CertificateHeader: header}
	everybody := behind
	everybody.Trusted = nil
	untold := behind
	untold.CertificateHeader = ""
	rootless := behind
	rootless.Roots = nil
	for _, tt := range []struct {
		name     string
		resolver caller.Resolver
		peer     string
		tls      *x509.Certificate // that the peer itself showed, verified in the handshake
		header   []string
		want     *x509.Certificate
	}{
		{"by TLS", caller.Resolver{Roots: roots}, anybody, good, nil, good},
		{"by TLS, to nobody who trusts", caller.Resolver{}, anybody, good, nil, nil},
		{"none", caller.Resolver{Roots: roots}, anybody, nil, nil, nil},
		{"by TLS, beside proxies", behind, anybody, good, nil, good},
		{"RFC 9440", behind, proxy, nil, []string{header, colons(good)}, good},
		{"RFC 9440 with a chain", behind, proxy, nil, []string{header, colons(far), "Client-Cert-Chain", colons(between)}, far},
		{"RFC 9440 without its chain", behind, proxy, nil, []string{header, colons(far)}, nil},
		{"nginx", behind, proxy, nil, []string{header, escaped(good)}, good},
		{"nginx with a chain", behind, proxy, nil, []string{header, escaped(far, between)}, far},
		{"HAProxy", behind, proxy, nil, []string{header, bare(good)}, good},

		{"spoofed", behind, anybody, nil, []string{header, colons(good)}, nil},
		{"spoofed beside TLS", behind, anybody, good, []string{header, colons(far)}, good},
		{"spoofed, without proxies", caller.Resolver{Roots: roots, CertificateHeader: header}, anybody, nil, []string{header, colons(good)}, nil},
		{"spoofed, where every peer is a proxy", everybody, anybody, nil, []string{header, colons(good)}, nil},
		{"spoofed, where no header is read", untold, proxy, nil, []string{header, colons(good)}, nil},
		{"twice", behind, proxy, nil, []string{header, colons(good), header, colons(good)}, nil},
		{"the proxy's own", behind, proxy, good, nil, nil},
		{"the proxy's own, where no header is read", untold, proxy, good, nil, nil},
		{"nobody is trusted", rootless, proxy, nil, []string{header, colons(good)}, nil},
		{"of nobody who is trusted", behind, proxy, nil, []string{header, colons(own)}, nil},
		{"of the past", behind, proxy, nil, []string{header, colons(old)}, nil},
		{"for servers", behind, proxy, nil, []string{header, colons(servers)}, nil},
		{"broken", behind, proxy, nil, []string{header, "%zz-----BEGIN "}, nil},
		{"half", behind, proxy, nil, []string{header, ":" + bare(good)}, nil},
		{"empty", behind, proxy, nil, []string{header, ""}, nil},
	} {
		r := request(tt.peer, "id.example", tt.tls != nil, tt.header...)
		if tt.tls != nil {
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{tt.tls}, VerifiedChains: [][]*x509.Certificate{{tt.tls, root}}}
		}
		got, err := tt.resolver.Of(r)
		if err != nil {
			t.Fatal(err)
		}
		if (got.Certificate == nil) != (tt.want == nil) || tt.want != nil && !got.Certificate.Equal(tt.want) {
			t.Errorf("%s: %v", tt.name, got.Certificate != nil)
		}
	}
	shown := caller.Resolver{Roots: roots}
	r := request(anybody, "id.example", true)
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}} // nobody verified it
	if got, err := shown.Of(r); err != nil || got.Certificate != nil {
		t.Errorf("a certificate that nobody verified counts: %v", err)
	}
}

// FuzzCertificate has a trusted proxy send anything: nobody is taken for who they are but by a certificate of the roots.
func FuzzCertificate(f *testing.F) {
	root, rootKey := issue(f, &x509.Certificate{IsCA: true, BasicConstraintsValid: true}, nil, nil)
	good, _ := issue(f, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, root, rootKey)
	own, _ := issue(f, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, nil, nil)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	for _, c := range []*x509.Certificate{good, own, root} {
		bare := base64.StdEncoding.EncodeToString(c.Raw)
		escaped := url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
		f.Add(":"+bare+":", "")
		f.Add(bare, ":"+bare+":,:"+bare)
		f.Add(escaped+escaped, escaped)
	}
	f.Add("%zz-----BEGIN ", "::,,")
	v := caller.Resolver{Headers: caller.XForwarded, Trusted: networks("10.0.0.0/8"), Roots: roots, CertificateHeader: "Client-Cert"}
	f.Fuzz(func(t *testing.T, header, chain string) {
		got, err := v.Of(request("10.0.0.1:1", "id.example", false, "Client-Cert", header, "Client-Cert-Chain", chain))
		if err != nil {
			t.Fatal(err)
		}
		if got.Certificate != nil && !got.Certificate.Equal(good) && !got.Certificate.Equal(root) {
			t.Errorf("%q is the certificate of %s", header, got.Certificate.Subject)
		}
	})
}
