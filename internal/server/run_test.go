package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// running is a server that Run runs, with the addresses that it logged.
type running struct {
	stop  context.CancelFunc
	ended chan error

	mu      sync.Mutex
	log     bytes.Buffer
	address map[string]string // by the door's name
	heard   chan struct{}     // gets a value with each address
}

// Write takes a line of the JSON log.
func (r *running) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var entry struct{ Msg, For, Address string }
	if json.Unmarshal(line, &entry) == nil && entry.Msg == "listening" {
		r.address[entry.For] = entry.Address
		r.heard <- struct{}{}
	}
	return r.log.Write(line)
}

// run starts a server and waits until it listens at as many doors.
func run(t *testing.T, doors int, c server.Config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{stop: stop, ended: make(chan error, 1), address: map[string]string{}, heard: make(chan struct{}, 8)}
	c.Listen.Host, c.Management.Host = "127.0.0.1", "127.0.0.1"
	c.Listen.Grace = 5 * time.Second
	c.Log = slog.New(slog.NewJSONHandler(r, nil))
	go func() { r.ended <- server.Run(ctx, c) }()
	for range doors {
		select {
		case <-r.heard:
		case err := <-r.ended:
			t.Fatalf("ended: %v", err)
		}
	}
	t.Cleanup(stop)
	return r
}

// get is the status and the body of an address.
func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestRun(t *testing.T) {
	r := run(t, 2, server.Config{Development: true, Listen: server.Listen{HTTP: true},
		Public: server.Public{Path: "/auth"}, Management: server.Management{Health: true, Metrics: true}})
	public, operators := "http://"+r.address["HTTP"], "http://"+r.address["management"]

	if status, body := get(t, http.DefaultClient, public+"/auth/realms/master"); status != 200 || !strings.Contains(body, `"token-service":"`+public+`/auth/realms/master/protocol/openid-connect"`) {
		t.Errorf("the master realm answers %d %s", status, body)
	}
	for path, want := range map[string]string{
		"/health":            `{"status":"UP","checks":[{"name":"Database connections","status":"UP"}]}`,
		"/health/ready":      `{"status":"UP","checks":[{"name":"Database connections","status":"UP"}]}`,
		"/health/live":       `{"status":"UP","checks":[]}`,
		"/health/started":    `{"status":"UP","checks":[]}`,
		"/auth/health/ready": `{"status":"UP","checks":[{"name":"Database connections","status":"UP"}]}`,
	} {
		if status, body := get(t, http.DefaultClient, operators+path); status != 200 || body != want {
			t.Errorf("%s: %d %s, want 200 %s", path, status, body, want)
		}
		if status, _ := get(t, http.DefaultClient, public+path); status == 200 {
			t.Errorf("%s is served to everybody", path)
		}
	}
	_, figures := get(t, http.DefaultClient, operators+"/metrics")
	for _, want := range []string{`http_server_requests_seconds_count{method="GET",outcome="SUCCESS",status="200",uri="/realms/{realm}"} 1`, "go_goroutines"} {
		if !strings.Contains(figures, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}

	r.stop()
	if err := <-r.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestRunLetsRequestsFinish(t *testing.T) {
	r := run(t, 1, server.Config{Development: true, Listen: server.Listen{HTTP: true}})
	conn, err := net.Dial("tcp", r.address["HTTP"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = "grant_type=magic"
	head := "POST /realms/master/protocol/openid-connect/token HTTP/1.1\r\nHost: id.example\r\nExpect: 100-continue\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	begun := make([]byte, 25) // HTTP/1.1 100 Continue: the handler reads, and waits for the rest
	if _, err := io.ReadFull(conn, begun); err != nil {
		t.Fatal(err)
	}
	r.stop()
	time.Sleep(50 * time.Millisecond) // the server is stopping by now
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "unsupported_grant_type") {
		t.Errorf("the request that was on its way got %q, %v", answer, err)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// TestRunStopsLate: while load balancers do not know yet, a server that stops answers by connections that are not kept.
func TestRunStopsLate(t *testing.T) {
	r := run(t, 2, server.Config{Development: true, Listen: server.Listen{HTTP: true, Delay: 3 * time.Second}, Management: server.Management{Health: true}})
	kept := &http.Client{}
	t.Cleanup(kept.CloseIdleConnections)
	ask := func(address string) *http.Response {
		resp, err := kept.Get("http://" + address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp
	}
	if before := ask(r.address["HTTP"] + "/realms/master"); before.StatusCode != 200 || before.Close {
		t.Errorf("before: %s, closed %t", before.Status, before.Close)
	}
	r.stop()
	for ask(r.address["management"]+"/health/ready").StatusCode == 200 {
		time.Sleep(time.Millisecond)
	}
	for _, by := range []string{"the kept connection", "a new one"} {
		if after := ask(r.address["HTTP"] + "/realms/master"); after.StatusCode != 200 || !after.Close {
			t.Errorf("by %s: %s, closed %t", by, after.Status, after.Close)
		}
	}
	if err := <-r.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestRunWithTLS(t *testing.T) {
	dir := t.TempDir()
	chain, key := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	pool := writeCertificate(t, chain, key)
	r := run(t, 2, server.Config{Public: server.Public{AnyHost: true}, Listen: server.Listen{Certificate: chain, Key: key}, Management: server.Management{Health: true}})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	base := "https://" + r.address["HTTPS"]
	if status, body := get(t, client, base+"/realms/master"); status != 200 || !strings.Contains(body, base+"/realms/master") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, client, "https://"+r.address["management"]+"/health/live"); status != 200 {
		t.Errorf("health over TLS: %d", status)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}}}
	if resp, err := old.Get(base); err == nil {
		resp.Body.Close()
		t.Error("TLS 1.1 is accepted")
	}
	client.CloseIdleConnections()
	r.stop()
	if err := <-r.ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port

	err = server.Run(t.Context(), server.Config{Listen: server.Listen{HTTPPort: port}})
	if invalid, ok := errors.AsType[*fault.Invalid](err); !ok || invalid.Field != "https-certificate-file" {
		t.Errorf("without TLS or a word about it: %v", err)
	}
	database := filepath.Join(t.TempDir(), "tokenhouse.db")
	err = server.Run(t.Context(), server.Config{Public: server.Public{AnyHost: true}, Listen: server.Listen{HTTP: true, Host: "127.0.0.1", HTTPPort: port},
		Database: server.Database{URL: "sqlite:" + database}})
	if err == nil || !strings.Contains(err.Error(), "listen for HTTP") {
		t.Errorf("on a port that is taken: %v", err)
	}
	if _, err := os.Stat(database); err == nil {
		t.Error("a database was made though the port is taken")
	}
}

// writeCertificate makes a certificate for 127.0.0.1 and its key, and gives the pool that trusts it.
func writeCertificate(t *testing.T, chain, key string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{chain: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(certificate)
	return pool
}
