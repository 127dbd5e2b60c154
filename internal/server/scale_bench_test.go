package server_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BenchmarkScale measures one client of one realm while the server holds much else: what it does not use
// must cost nothing. "heap-MB" is what the server keeps in memory then.
func BenchmarkScale(b *testing.B) {
	for _, size := range []struct {
		name            string
		realms, clients int
	}{{"small", 1, 10}, {"10000_clients", 1, 10_000}, {"1000_realms", 1000, 10}} {
		b.Run(size.name, func(b *testing.B) {
			files := map[string][]byte{}
			for i := range size.realms {
				name := fmt.Sprintf("r%d", i)
				files[name+".json"] = plainRealm(b, name, size.clients)
			}
			s, _ := start(b, onDisk(b), files)
			r0 := bench{s.Handler(), "r0"}
			q := r0.form("token", []string{"client_id", "c1", "client_secret", "secret"}, "grant_type", "client_credentials")
			b.Run("client_credentials", func(b *testing.B) { // the server is started once, whatever b.N
				measure(b, r0.handler, same(q))
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
			})
		})
	}
}

// plainRealm is a realm file with so many service accounts. Its keys are elliptic, since making RSA keys for a
// thousand realms would take minutes.
func plainRealm(b testing.TB, name string, clients int) []byte {
	list := make([]map[string]any, clients)
	for i := range list {
		list[i] = map[string]any{"clientId": fmt.Sprintf("c%d", i), "secret": "secret", "serviceAccountsEnabled": true, "standardFlowEnabled": false}
	}
	text, err := json.Marshal(map[string]any{
		"realm": name, "enabled": true, "defaultSignatureAlgorithm": "ES256", "clients": list,
		"components": map[string]any{"org.keycloak.keys.KeyProvider": []any{
			map[string]any{"name": "ec", "providerId": "ecdsa-generated", "config": map[string][]string{"ecdsaEllipticCurveKey": {"P-256"}}},
			map[string]any{"name": "hmac", "providerId": "hmac-generated", "config": map[string][]string{"algorithm": {"HS512"}}},
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// BenchmarkColdStart measures the binary: from its start on an empty SQLite database to the first token, and
// the memory that it takes when it has nothing to do.
func BenchmarkColdStart(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "tokenhouse")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "github.com/tokenhouse/tokenhouse/cmd/tokenhouse")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	var toToken time.Duration
	var resident float64
	for b.Loop() {
		elapsed, kilobytes := coldStart(b, binary)
		toToken += elapsed
		resident += kilobytes
	}
	b.ReportMetric(toToken.Seconds()*1000/float64(b.N), "ms-to-token")
	b.ReportMetric(resident/1024/float64(b.N), "rss-MB")
}

// coldStart runs the binary once.
func coldStart(b *testing.B, binary string) (toToken time.Duration, residentKB float64) {
	port := strconv.Itoa(freePort(b))
	run := exec.CommandContext(b.Context(), binary, "start-dev", "--http-host=127.0.0.1", "--http-port="+port,
		"--db-url=sqlite:"+filepath.Join(b.TempDir(), "cold.db"), "--bootstrap-admin-username=admin", "--bootstrap-admin-password=admin")
	begin := time.Now()
	if err := run.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = run.Process.Signal(syscall.SIGTERM)
		_ = run.Wait()
	}()
	signIn := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"admin"}}
	for {
		resp, err := http.PostForm("http://127.0.0.1:"+port+"/realms/master/protocol/openid-connect/token", signIn)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(begin) > 30*time.Second {
			b.Fatalf("no token within 30 s: %v", err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	toToken = time.Since(begin)
	time.Sleep(time.Second)
	return toToken, residentSet(b, run.Process.Pid)
}

func freePort(b *testing.B) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// residentSet is how much memory a process holds, in kilobytes, as Linux tells.
func residentSet(b *testing.B, pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory is known on Linux only")
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		b.Fatal("no VmRSS in /proc")
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
