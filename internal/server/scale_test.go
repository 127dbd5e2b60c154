package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/server"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// What a server may have in memory after a thousand requests, and what it may need more while it imports users:
// what is stored and not in use must not be in memory. What users are searched by is in use.
const (
	mostInUse  = 64 << 20 // bytes
	mostImport = 32 << 20
)

// TestScale starts a server on a database that holds much, and asks for tokens of all of it. The log tells
// how long the start took, and the memory in use; BenchmarkScale measures the requests.
//
//	TEST_LONG=1 go test ./internal/server -v -run TestScale -timeout 1h
func TestScale(t *testing.T) {
	storetest.SkipUnlessLong(t)
	for _, size := range []struct {
		name string
		fill func(t *testing.T, where server.Database)
		ask  func(i int) request
	}{
		{"1,000,000 users", fillUsers, askUser},
		{"10,000 clients", func(t *testing.T, where server.Database) {
			start(t, where, map[string][]byte{"r0.json": plainRealm(t, "r0", 10_000)})
		}, func(int) request { return askService(0, rand.N(10_000)) }},
		{"1,000 realms", fillRealms, func(int) request { return askService(rand.N(1000), rand.N(3)) }},
	} {
		for _, db := range databases {
			t.Run(size.name+" "+db.name, func(t *testing.T) {
				where := db.open(t)
				if onePlace(where) {
					where = onDisk(t)
				}
				begin := time.Now()
				t.Run("filled", func(t *testing.T) { size.fill(t, where) })
				t.Logf("filled in %v", time.Since(begin).Round(time.Second))
				checkScale(t, where, size.ask)
			})
		}
	}
}

// checkScale starts a server and sends a thousand requests, all of which must be granted.
func checkScale(t *testing.T, where server.Database, ask func(i int) request) {
	t.Helper()
	begin := time.Now()
	s, _ := start(t, where, nil)
	t.Logf("started in %v, %.1f MB of heap", time.Since(begin).Round(time.Millisecond), float64(heap())/(1<<20))
	c := newCaller()
	for i := range 1000 {
		q := ask(i)
		if c.call(s.Handler(), q); c.status != 200 {
			t.Fatalf("%s: %d %s", q.path, c.status, c.body.String())
		}
	}
	after := heap()
	t.Logf("after 1,000 requests %.1f MB", float64(after)/(1<<20))
	if after > mostInUse {
		t.Errorf("%d MB are in use, want at most %d", after>>20, mostInUse>>20)
	}
}

// heap is the memory in use, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first found finalizers for
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func askService(realm, client int) request {
	r := bench{realm: fmt.Sprintf("r%d", realm)}
	return r.form("token", []string{"client_id", fmt.Sprintf("c%d", client), "client_secret", "secret"}, "grant_type", "client_credentials")
}

func fillRealms(t *testing.T, where server.Database) {
	files := map[string][]byte{}
	for i := range 1000 {
		name := fmt.Sprintf("r%d", i)
		files[name+".json"] = plainRealm(t, name, 3)
	}
	start(t, where, files)
}

const manyUsers = 1_000_000

// askUser signs a user in, every other by their address.
func askUser(i int) request {
	name := fmt.Sprintf("user-%d", rand.N(manyUsers))
	if i%2 == 1 {
		name += "@example.org"
	}
	r := bench{realm: "crowd"}
	return r.form("token", []string{"client_id", "till"}, "grant_type", "password", "username", name, "password", "password")
}

// fillUsers imports a realm file that many users are added to, one by one.
func fillUsers(t *testing.T, where server.Database) {
	var file map[string]any
	if err := json.Unmarshal(plainRealm(t, "crowd", 0), &file); err != nil {
		t.Fatal(err)
	}
	file["passwordPolicy"] = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"
	file["clients"] = []any{map[string]any{"clientId": "till", "publicClient": true, "directAccessGrantsEnabled": true}}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, where, nil)
	into := &crowd{Store: s.Store(), heap: heap()}
	doc := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(text))), nil }
	realms := &manage.Realms{Store: into, Now: time.Now, NewID: uuid.NewString}
	if _, err := realms.Import(t.Context(), doc, manage.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("the import needed up to %.1f MB", float64(into.most-into.heap)/(1<<20))
	if into.most > into.heap+mostImport {
		t.Errorf("the import needed %d MB, want at most %d", (into.most-into.heap)>>20, mostImport>>20)
	}
}

// crowd is a store that adds many users to a realm when it is made, none of whom lacks what their profile wants, and watches the
// memory in use.
type crowd struct {
	*store.Store
	heap, most uint64
}

func (c *crowd) CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, few iter.Seq2[user.Account, error], audit []event.Admin) error {
	return c.Store.CreateRealm(ctx, d, groups, func(yield func(user.Account, error) bool) {
		for a, err := range few {
			if !yield(a, err) {
				return
			}
		}
		password := user.HashPassword("password", make([]byte, user.SaltSize), user.HashingOf(d.Realm().PasswordPolicy))
		for i := range manyUsers {
			name := fmt.Sprintf("user-%d", i)
			password.ID = uuid.NewString()
			a := user.Account{
				User: user.User{ID: uuid.NewString(), Username: name, Email: name + "@example.org", FirstName: "User", LastName: strconv.Itoa(i),
					Enabled: true, Created: time.Now(), Roles: []string{d.Realm().DefaultRole}},
				Credentials: []user.Credential{password},
			}
			if !yield(a, nil) {
				return
			}
			if i%(manyUsers/10) == 0 {
				c.most = max(c.most, heap())
			}
		}
	}, audit)
}
