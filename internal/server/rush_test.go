package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/server"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// How long the rush of TestRush lasts, and how long nobody may wait in it: with the race detector, and beside
// other tests, machines are too slow to judge, so that only the long run does.
const (
	shortRush = 5 * time.Second
	longRush  = 10 * time.Minute
	patience  = time.Second
)

// TestRush lets eight work at once: importers of realms with more users than go in one transaction, who
// delete what they imported, callers for tokens, and administrators of users. Nobody is refused, nobody sees
// half a realm, and nobody waits for long.
//
//	TEST_LONG=1 go test ./internal/server -v -run TestRush -timeout 1h
func TestRush(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			where := db.open(t)
			if onePlace(where) {
				where = onDisk(t)
			}
			lasts := shortRush
			if storetest.IsLong() {
				lasts = longRush
			}
			ctx, cancel := context.WithTimeout(t.Context(), lasts)
			defer cancel()
			r := newRush(t, where)
			var working sync.WaitGroup
			for worker := range 8 {
				work := []func(worker, turn int){r.importAndDelete, r.callForTokens, r.callForTokens, r.administer}[worker%4]
				working.Go(func() {
					for turn := 0; ctx.Err() == nil && !t.Failed(); turn++ {
						work(worker, turn)
					}
				})
			}
			working.Wait()
			slowest := time.Duration(r.slowest.Load())
			t.Logf("%d requests and %d imports; the slowest answer but of imports took %v", r.requests.Load(), r.imports.Load(), slowest.Round(time.Millisecond))
			if storetest.IsLong() && slowest > patience {
				t.Errorf("somebody waited for %v, want at most %v", slowest, patience)
			}
			if r.imports.Load() == 0 {
				t.Error("nothing was imported: the test shows nothing")
			}
		})
	}
}

// TestParallelEdits changes one realm from many sides, as Terraform does: everything is there afterwards, and
// each change counted once.
func TestParallelEdits(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			r := newRush(t, db.open(t))
			const workers, each = 8, 10
			scope := r.created(r.send(http.MethodPost, "/admin/realms/r0/client-scopes", `{"name":"shared","protocol":"openid-connect"}`))
			client := r.created(r.send(http.MethodPost, "/admin/realms/r0/clients", `{"clientId":"shared"}`))
			before := r.version("r0")
			var working sync.WaitGroup
			for w := range workers {
				working.Go(func() {
					for i := range each {
						name := fmt.Sprintf("%d-%d", w, i)
						r.send(http.MethodPost, scope+"/protocol-mappers/models", `{"name":"`+name+`","protocol":"openid-connect","protocolMapper":"oidc-audience-mapper","config":{}}`)
						r.send(http.MethodPost, client+"/roles", `{"name":"`+name+`"}`)
						r.send(http.MethodPut, client, `{"attributes":{"edited.by.`+name+`":"yes"}}`)
						r.send(http.MethodPost, "/admin/realms/r0/clients", `{"clientId":"`+name+`"}`)
					}
				})
			}
			working.Wait()
			for what, got := range map[string]int{
				"mappers": len(r.list(scope + "/protocol-mappers/models")),
				"roles":   len(r.list(client + "/roles")),
				"clients": len(r.list("/admin/realms/r0/clients?clientId=-&search=true")) - builtIn,
			} {
				if got != workers*each {
					t.Errorf("%d %s, want %d: some are lost", got, what, workers*each)
				}
			}
			if got := r.version("r0") - before; got != 4*workers*each {
				t.Errorf("the realm's version went up by %d for %d changes", got, 4*workers*each)
			}
		})
	}
}

// builtIn are the clients of every realm whose client_id has a hyphen.
const builtIn = 4 // account-console, admin-cli, realm-management, security-admin-console

// rush is a server with a realm "r0", whose client "c0" has a service account.
type rush struct {
	t       *testing.T
	url     string
	version func(realm string) int64

	mu     sync.Mutex
	token  string // of the administrator
	asOf   time.Time
	client http.Client

	requests, imports, slowest atomic.Int64
}

func newRush(t *testing.T, where server.Database) *rush {
	s, address := start(t, where, map[string][]byte{"r0.json": plainRealm(t, "r0", 1)})
	r := &rush{t: t, url: address}
	r.client.Transport = &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(r.client.CloseIdleConnections)
	r.version = func(name string) int64 {
		now, err := s.Store().Realm(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return now.Version
	}
	return r
}

// importedUsers are more than go in one transaction.
const importedUsers = 600

func (r *rush) importAndDelete(worker, turn int) {
	name := fmt.Sprintf("imported-%d", worker)
	var file strings.Builder
	fmt.Fprintf(&file, `{"id":"%s-id","realm":%q,"enabled":true,"clients":[{"clientId":"c"}],"users":[`, name, name)
	for i := range importedUsers {
		fmt.Fprintf(&file, `{"username":"user-%d","email":"user-%d@example.org","enabled":true},`, i, i)
	}
	text := strings.TrimSuffix(file.String(), ",") + "]}"
	r.call(http.MethodPost, "/admin/realms", text, false)
	r.imports.Add(1)
	if n := r.body(r.send(http.MethodGet, "/admin/realms/"+name+"/users/count", "")); n != fmt.Sprint(importedUsers) {
		r.t.Errorf("%s has %s users in turn %d, want %d", name, n, turn, importedUsers)
	}
	for _, seen := range r.list("/admin/realms?briefRepresentation=true") {
		if id, _ := seen["id"].(string); id == "" {
			r.t.Error("a realm without an id is listed")
		}
	}
	r.call(http.MethodDelete, "/admin/realms/"+name, "", false)
}

func (r *rush) callForTokens(int, int) {
	begin := time.Now()
	resp, err := r.client.PostForm(r.url+"/realms/r0/protocol/openid-connect/token",
		url.Values{"grant_type": {"client_credentials"}, "client_id": {"c0"}, "client_secret": {"secret"}})
	if err != nil {
		r.t.Error(err)
		return
	}
	r.note(begin)
	if text := r.body(resp); resp.StatusCode != http.StatusOK {
		r.t.Errorf("token: %d %s", resp.StatusCode, text)
	}
}

func (r *rush) administer(worker, turn int) {
	name := fmt.Sprintf("user-%d-%d", worker, turn)
	address := r.created(r.send(http.MethodPost, "/admin/realms/r0/users", `{"username":"`+name+`","enabled":true}`))
	if found := r.list("/admin/realms/r0/users?exact=true&username=" + name); len(found) != 1 {
		r.t.Errorf("%d users are called %s", len(found), name)
	}
	r.send(http.MethodPut, address, `{"firstName":"First"}`)
	r.send(http.MethodDelete, address, "")
}

// send asks the administration API, whose answer must be a success.
func (r *rush) send(method, path, body string) *http.Response {
	return r.call(method, path, body, true)
}

func (r *rush) call(method, path, body string, quick bool) *http.Response {
	if !strings.HasPrefix(path, "http") {
		path = r.url + path
	}
	q, err := http.NewRequest(method, path, strings.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	q.Header.Set("Authorization", "Bearer "+r.administrator())
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	begin := time.Now()
	resp, err := r.client.Do(q)
	if err != nil {
		r.t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	if quick {
		r.note(begin)
	}
	text := r.body(resp)
	if resp.StatusCode/100 != 2 {
		r.t.Errorf("%s %s: %d %.300s", method, path, resp.StatusCode, text)
	}
	resp.Body = io.NopCloser(strings.NewReader(text))
	return resp
}

// note counts a request and how long it took.
func (r *rush) note(begin time.Time) {
	r.requests.Add(1)
	took := int64(time.Since(begin))
	for old := r.slowest.Load(); took > old && !r.slowest.CompareAndSwap(old, took); {
		old = r.slowest.Load()
	}
}

// administrator is an access token, made anew before it expires.
func (r *rush) administrator() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asOf) < 30*time.Second {
		return r.token
	}
	resp, err := r.client.PostForm(r.url+"/realms/master/protocol/openid-connect/token",
		url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"admin"}})
	if err != nil {
		r.t.Error(err)
		return ""
	}
	var answer tokens
	if err := json.Unmarshal([]byte(r.body(resp)), &answer); err != nil {
		r.t.Error(err)
	}
	r.token, r.asOf = answer.AccessToken, time.Now()
	return r.token
}

// created is the address of what was made.
func (r *rush) created(resp *http.Response) string { return resp.Header.Get("Location") }

func (r *rush) list(path string) []map[string]any {
	var list []map[string]any
	if err := json.Unmarshal([]byte(r.body(r.send(http.MethodGet, path, ""))), &list); err != nil {
		r.t.Error(err)
	}
	return list
}

func (r *rush) body(resp *http.Response) string {
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Error(err)
	}
	return string(text)
}
