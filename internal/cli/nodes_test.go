package cli

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/server"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// nodesRealm rotates refresh tokens, so that one may be used once.
const nodesRealm = `{
	"realm": "nodes", "enabled": true, "sslRequired": "none", "revokeRefreshToken": true,
	"clients": [
		{"clientId": "till", "secret": "till-secret", "directAccessGrantsEnabled": true, "serviceAccountsEnabled": true},
		{"clientId": "desk", "secret": "desk-secret", "serviceAccountsEnabled": true}
	],
	"users": [{"username": "alice", "enabled": true, "email": "alice@example.org", "firstName": "Alice", "lastName": "Liddell",
		"credentials": [{"type": "password", "value": "alice-password"}]}]
}`

// nodesHost is the one name that both are known by.
const nodesHost = "http://id.example"

// TestTwoProcesses runs two servers, each in a process of its own, on one PostgreSQL.
func TestTwoProcesses(t *testing.T) {
	here, nodes := twoProcesses(t, nodesRealm)
	t.Run("a client disabled on one is refused by the other", func(t *testing.T) {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"desk"}, "client_secret": {"desk-secret"}}
		for _, node := range nodes {
			if status, _ := redeem(t, node, form); status != http.StatusOK {
				t.Fatalf("%s answers %d to an enabled client", node, status)
			}
		}
		r, err := here.Store().Realm(t.Context(), "nodes")
		if err != nil {
			t.Fatal(err)
		}
		author := audit.Author{Now: time.Now(), NewID: uuid.NewString}
		clients := &manage.Clients{Store: here.Store()}
		if err := clients.Update(t.Context(), author, "nodes", r.Client("desk").Key, keycloak.Object{"enabled": json.RawMessage("false")}); err != nil {
			t.Fatal(err)
		}
		if status, _ := redeem(t, nodes[0], form); status != http.StatusUnauthorized {
			t.Errorf("the node that disabled it answers %d", status)
		}
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			status, _ := redeem(t, nodes[1], form)
			if status == http.StatusUnauthorized {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the other node still answers %d", status)
			}
		}
	})

	t.Run("a refresh token used on both at once is redeemed once", func(t *testing.T) {
		for range 10 {
			status, answer := redeem(t, nodes[0], url.Values{"grant_type": {"password"}, "client_id": {"till"}, "client_secret": {"till-secret"},
				"username": {"alice"}, "password": {"alice-password"}})
			if status != http.StatusOK {
				t.Fatalf("sign-in: %d", status)
			}
			refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"till"}, "client_secret": {"till-secret"},
				"refresh_token": {answer["refresh_token"].(string)}}
			var redeemed int
			var mu sync.Mutex
			var both sync.WaitGroup
			for _, node := range append(nodes, nodes...) {
				both.Go(func() {
					status, answer := redeem(t, node, refresh)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case status == http.StatusOK:
						redeemed++
					case status != http.StatusBadRequest || answer["error"] != "invalid_grant":
						t.Errorf("%s answers %d %v", node, status, answer["error"])
					}
				})
			}
			both.Wait()
			if redeemed != 1 {
				t.Fatalf("redeemed %d times", redeemed)
			}
		}
	})

	t.Run("a token revoked on one is inactive on the other", func(t *testing.T) {
		caller := url.Values{"client_id": {"till"}, "client_secret": {"till-secret"}}
		_, answer := redeem(t, nodes[1], url.Values{"grant_type": {"password"}, "client_id": {"till"}, "client_secret": {"till-secret"},
			"username": {"alice"}, "password": {"alice-password"}, "scope": {"openid"}})
		access := answer["access_token"].(string)
		userinfo := func(node string) int {
			q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, node+"/realms/nodes/protocol/openid-connect/userinfo", nil)
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Authorization", "Bearer "+access)
			resp, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode
		}
		for _, node := range nodes {
			if status := userinfo(node); status != http.StatusOK {
				t.Fatalf("%s answers %d before the revocation", node, status)
			}
		}
		caller.Set("token", access)
		resp, err := http.PostForm(nodes[0]+"/realms/nodes/protocol/openid-connect/revoke", caller)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		for deadline := time.Now().Add(30 * time.Second); userinfo(nodes[1]) != http.StatusUnauthorized; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the other node still takes the token")
			}
		}
	})
}

// twoProcesses runs two servers on one PostgreSQL with a realm, and gives that of this process, and where both are.
func twoProcesses(t *testing.T, realm string) (here *server.Server, nodes []string) {
	t.Helper()
	db := server.Database{URL: storetest.Postgres(t), MasterKey: base64.StdEncoding.EncodeToString(make([]byte, 32))}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nodes.json"), []byte(realm), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := server.New(t.Context(), server.Config{Development: true, Database: db, Import: dir,
		Public: server.Public{Hostname: nodesHost}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() }) // all that mattered was read back
	web := httptest.NewServer(here.Handler())
	t.Cleanup(web.Close)
	return here, []string{web.URL, anotherProcess(t, db)}
}

// anotherProcess runs the command's server in a process of its own, which ends with the test, and
// gives its URL.
func anotherProcess(t *testing.T, db server.Database) string {
	t.Helper()
	environ := append(os.Environ(), "TOKENHOUSE_DB_URL="+db.URL, "TOKENHOUSE_MASTER_KEY="+db.MasterKey)
	lines := started(t, environ, "start-dev", "--http-host", "127.0.0.1", "--http-port", "0", "--hostname", nodesHost)
	listening := regexp.MustCompile(`for=HTTP address=(\S+)`)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go drain(lines)
			return "http://" + m[1]
		}
		t.Log(lines.Text())
	}
	t.Fatal("the other process does not listen")
	return ""
}

// started is the log of the command in a process of its own, which ends with the test.
func started(t *testing.T, environ []string, args ...string) *bufio.Scanner {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "tokenhouse", args...)
	cmd.Env = environ
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	log, err := cmd.StderrPipe() // its end is the end of the process
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was told to stop
	})
	return bufio.NewScanner(log)
}

// drain reads on, else the process would wait for a reader of its log.
func drain(lines *bufio.Scanner) {
	for lines.Scan() {
	}
}

// redeem asks a node's token endpoint.
func redeem(t *testing.T, node string, form url.Values) (status int, answer map[string]any) {
	t.Helper()
	return post(t, node, "token", form, nil)
}
