package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// authority issues certificates to callers.
type authority struct {
	*testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{T: t}
	a.certificate, a.key = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true})
	return a
}

// sign makes a key and a certificate for it, signed by the authority, or by itself where that is being made.
func (a *authority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		a.Fatal(err)
	}
	return c, key
}

// issue is a certificate for a caller of this name.
func (a *authority) issue(name string) tls.Certificate {
	a.Helper()
	c, key := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"Acme"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
}

// pem writes the authority's certificate into a file.
func (a *authority) pem() string {
	a.Helper()
	file := filepath.Join(a.TempDir(), "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}), 0o600); err != nil {
		a.Fatal(err)
	}
	return file
}

// certified is a server over TLS with a shop whose clients gateway and spa want their tokens bound to certificates, and in
// which warehouse proves itself by one.
type certified struct {
	*testing.T
	base string
	pool *x509.CertPool
}

func newCertified(t *testing.T, db database, a *authority, vary ...func(file map[string]any)) *certified {
	t.Helper()
	text, err := os.ReadFile("testdata/attack/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, each := range file["clients"].([]any) {
		c := each.(map[string]any)
		attributes, _ := c["attributes"].(map[string]any)
		if attributes == nil {
			attributes = map[string]any{}
			c["attributes"] = attributes
		}
		switch c["clientId"] {
		case "gateway", "spa":
			attributes["tls.client.certificate.bound.access.tokens"] = "true"
		case "warehouse":
			c["clientAuthenticatorType"], c["serviceAccountsEnabled"], c["bearerOnly"] = "client-x509", true, false
			attributes["x509.subjectdn"], attributes["x509.allow.regex.pattern.comparison"] = "CN=warehouse,O=Acme", "false"
		}
	}
	for _, change := range vary {
		change(file)
	}
	dir := t.TempDir()
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "shop.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	chain, key := filepath.Join(t.TempDir(), "chain.pem"), filepath.Join(t.TempDir(), "key.pem")
	pool := writeCertificate(t, chain, key)
	r := run(t, 1, server.Config{Development: true, Database: db.open(t), Import: dir,
		Listen: server.Listen{Certificate: chain, Key: key, ClientAuth: "request", TrustStore: a.pem()}})
	return &certified{t, "https://" + r.address["HTTPS"] + "/realms/shop/protocol/openid-connect/", pool}
}

// with is a client that shows a certificate; none where it is nil.
func (s *certified) with(c *tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}
	if c != nil { // shown whoever the server says that it trusts
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c, nil }
	}
	transport := &http.Transport{TLSClientConfig: config}
	s.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// ask sends a form, or with a bearer token none.
func (s *certified) ask(c *http.Client, endpoint, bearer string, form url.Values) answer {
	s.Helper()
	q, err := http.NewRequestWithContext(s.Context(), "POST", s.base+endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	q.Header.Set("Content-Type", formType)
	if bearer != "" {
		q.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := c.Do(q)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	out := answer{status: resp.StatusCode, header: resp.Header, members: map[string]any{}}
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &out.members); err != nil {
			s.Fatal(err)
		}
	}
	return out
}

func (s *certified) wantBound(q answer, c tls.Certificate) answer {
	s.Helper()
	if q.status != http.StatusOK {
		s.Fatalf("refused: %v", q)
	}
	sum := sha256.Sum256(c.Certificate[0])
	a := &arena{T: s.T}
	cnf := a.open(q.get("access_token")).Confirmation
	if cnf == nil || cnf.Certificate != base64.RawURLEncoding.EncodeToString(sum[:]) || q.get("token_type") != "Bearer" {
		s.Errorf("token_type %s, bound to %+v", q.get("token_type"), cnf)
	}
	return q
}

func (s *certified) wantRefused(what string, q answer, status int, code, text string) {
	s.Helper()
	if q.status != status || q.get("error") != code || q.get("error_description") != text {
		s.Errorf("%s: %v, want %d %s %s", what, q, status, code, text)
	}
}

const (
	noCertificate    = "Client Certification missing for MTLS HoK Token Binding"
	otherCertificate = "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"
)

// T12: what is bound to a certificate serves nobody else, on any grant and through every exchange.
func TestCertificateBound(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			a := newAuthority(t)
			s := newCertified(t, db, a)
			mine, theirs := a.issue("alice"), a.issue("mallory")
			alice, mallory, nobody := s.with(&mine), s.with(&theirs), s.with(nil)
			for _, client := range []string{"gateway", "spa"} {
				t.Run(client, func(t *testing.T) {
					s := &certified{t, s.base, s.pool}
					signIn := as(client, "grant_type", "password", "username", "alice", "password", "alice-password", "scope", "openid")
					s.wantRefused("sign-in without", s.ask(nobody, "token", "", signIn), 400, "invalid_request", noCertificate)
					first := s.wantBound(s.ask(alice, "token", "", signIn), mine)
					renew := as(client, "grant_type", "refresh_token", "refresh_token", first.get("refresh_token"))
					s.wantRefused("refresh without", s.ask(nobody, "token", "", renew), 400, "invalid_request", noCertificate)
					s.wantRefused("refresh with another", s.ask(mallory, "token", "", renew), 401, "unauthorized_client", otherCertificate)
					second := s.wantBound(s.ask(alice, "token", "", renew), mine)
					held := second.get("access_token")
					for name, tt := range map[string]struct {
						c    *http.Client
						want int
					}{"with": {alice, 200}, "with another": {mallory, 401}, "without": {nobody, 401}} {
						if q := s.ask(tt.c, "userinfo", held, nil); q.status != tt.want {
							t.Errorf("userinfo %s: %v", name, q)
						}
					}
				})
			}
			service := as("gateway", "grant_type", "client_credentials")
			s.wantBound(s.ask(alice, "token", "", service), mine)
			s.wantRefused("client credentials without", s.ask(nobody, "token", "", service), 400, "invalid_request", noCertificate)

			signIn := as("gateway", "grant_type", "password", "username", "alice", "password", "alice-password")
			held := s.wantBound(s.ask(alice, "token", "", signIn), mine).get("access_token")
			swap := as("gateway", "grant_type", grantExchange, "subject_token", held, "subject_token_type", typeAccess, "audience", "orders")
			s.wantRefused("exchange with another", s.ask(mallory, "token", "", swap), 400, "invalid_request", otherCertificate)
			s.wantRefused("exchange without", s.ask(nobody, "token", "", swap), 400, "invalid_request", noCertificate)
			next := s.wantBound(s.ask(alice, "token", "", swap), mine).get("access_token")
			swap.Set("subject_token", next)
			s.wantRefused("second exchange with another", s.ask(mallory, "token", "", swap), 400, "invalid_request", otherCertificate)
			told := s.ask(nobody, "token/introspect", "", as("orders", "token", next))
			if told.members["active"] != true || told.members["cnf"] == nil {
				t.Errorf("introspection: %v", told)
			}
		})
	}
}

// A client proves itself by the subject of a certificate, which somebody must have issued who is trusted.
func TestClientByCertificate(t *testing.T) {
	a := newAuthority(t)
	s := newCertified(t, databases[0], a)
	form := pairs("grant_type", "client_credentials", "client_id", "warehouse")
	right, other, padded := a.issue("warehouse"), a.issue("alice"), a.issue("warehouse,O=Acme")
	if q := s.ask(s.with(&right), "token", "", form); q.status != 200 {
		t.Errorf("its own: %v", q)
	}
	for name, c := range map[string]*tls.Certificate{"none": nil, "another's": &other, "one that says more": &padded} {
		q := s.ask(s.with(c), "token", "", form)
		s.wantRefused(name, q, 401, "invalid_client", "Invalid client or Invalid client credentials")
	}
	secret := pairs("grant_type", "client_credentials", "client_id", "warehouse", "client_secret", "warehouse-secret")
	s.wantRefused("a secret", s.ask(s.with(nil), "token", "", secret), 401, "invalid_client", "Invalid client or Invalid client credentials")
	spoofed := http.Header{"Client-Cert": {":" + base64.StdEncoding.EncodeToString(right.Certificate[0]) + ":"}}
	q, _ := http.NewRequestWithContext(t.Context(), "POST", s.base+"token", strings.NewReader(form.Encode()))
	q.Header = spoofed
	q.Header.Set("Content-Type", formType)
	resp, err := s.with(nil).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("a header from anybody: %d", resp.StatusCode)
	}
	stranger := newAuthority(t).issue("warehouse")
	if resp, err := s.with(&stranger).PostForm(s.base+"token", form); err == nil {
		resp.Body.Close()
		t.Errorf("issued by somebody else: %d", resp.StatusCode)
	}
}

func TestClientAuthConfiguration(t *testing.T) {
	plain := server.Config{Development: true, Listen: server.Listen{HTTP: true}}
	for name, tt := range map[string]struct {
		change func(c *server.Config)
		field  string
	}{
		"no TLS":            {func(c *server.Config) { c.Listen.ClientAuth = "request" }, "https-client-auth"},
		"no such word":      {func(c *server.Config) { c.Listen.ClientAuth = "maybe" }, "https-client-auth"},
		"nobody is trusted": {func(c *server.Config) { c.Listen.ClientAuth, c.Listen.Certificate, c.Listen.Key = "required", "a", "b" }, "https-client-auth"},
		"a header of anybody": {func(c *server.Config) {
			c.Proxy.Certificate, c.Proxy.Headers, c.Listen.TrustStore = "Client-Cert", "forwarded", "x"
		},
			"proxy-client-certificate-header"},
		"a header of no proxy": {func(c *server.Config) { c.Proxy.Certificate, c.Listen.TrustStore = "Client-Cert", "x" }, "proxy-client-certificate-header"},
	} {
		c := plain
		tt.change(&c)
		var no *fault.Invalid
		if err := c.Check(); !errors.As(err, &no) || no.Field != tt.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}
