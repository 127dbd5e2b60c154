package server_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// BenchmarkAdministration measures the administration API in a realm with 10,000 clients, as BenchmarkServer
// measures tokens.
func BenchmarkAdministration(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			where := db.open(b)
			if onePlace(where) {
				where = onDisk(b)
			}
			s, _ := start(b, where, map[string][]byte{"r0.json": plainRealm(b, "r0", 10_000)})
			master := bench{s.Handler(), "master"}
			r, err := s.Store().Realm(b.Context(), "r0")
			if err != nil {
				b.Fatal(err)
			}
			var made atomic.Int64
			for _, c := range []struct {
				name string
				next func(q request) request
			}{
				{"create_client", func(q request) request {
					q.method, q.body = http.MethodPost, fmt.Sprintf(`{"clientId":"made-%d","serviceAccountsEnabled":false}`, made.Add(1))
					return q
				}},
				{"get_client", func(q request) request {
					q.path += "/" + r.Client("c4711").Key
					return q
				}},
				{"get_client_by_client_id", func(q request) request {
					q.query = "clientId=c4711"
					return q
				}},
				{"list_100_of_10000_clients", func(q request) request {
					q.query = "first=5000&max=100"
					return q
				}},
				{"list_10000_clients", func(q request) request { return q }},
			} {
				b.Run(c.name, func(b *testing.B) {
					q := request{method: http.MethodGet, path: "/admin/realms/r0/clients", bearer: master.administrator(b)}
					measure(b, master.handler, func() source { return func() request { return c.next(q) } })
				})
			}
		})
	}
}

// administrator is an access token of the administrator, which lives for a minute.
func (s *bench) administrator(b *testing.B) string {
	signIn := s.form("token", []string{"client_id", "admin-cli"}, "grant_type", "password", "username", "admin", "password", "admin")
	return s.tokens(b, signIn).AccessToken
}

// townSize is how many users BenchmarkImport imports.
const townSize = 100_000

// BenchmarkImport measures the import of a realm file with many users, whose passwords are hashed already, into
// a server that is used meanwhile. "peak-MB" is the most memory that was in use, above what was before, and
// "wait-ms" how long the slowest of the others' writes took.
func BenchmarkImport(b *testing.B) {
	for _, db := range databases {
		b.Run(fmt.Sprintf("%s/%d_users", db.name, townSize), func(b *testing.B) {
			where := db.open(b)
			if onePlace(where) {
				where = onDisk(b)
			}
			s, _ := start(b, where, map[string][]byte{"r0.json": plainRealm(b, "r0", 1)})
			realms := &manage.Realms{Store: s.Store(), Now: time.Now, NewID: uuid.NewString}
			beside := watchImport(b, s.Store())
			begin := cpu(b)
			n := 0
			for b.Loop() {
				n++
				if _, err := realms.Import(b.Context(), townFile(fmt.Sprint("town", n)), manage.ImportOptions{}); err != nil {
					b.Fatal(err)
				}
			}
			spent := cpu(b) - begin
			peak, wait := beside()
			b.ReportMetric(float64(townSize*n)/spent.Seconds(), "users/cpu-s")
			b.ReportMetric(float64(townSize*n)/b.Elapsed().Seconds(), "users/s")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			b.ReportMetric(float64(wait.Milliseconds()), "wait-ms")
		})
	}
}

// watchImport creates users in another realm, and watches the memory in use, until it is asked what came of it.
func watchImport(b *testing.B, st *store.Store) func() (peak uint64, slowest time.Duration) {
	r, err := st.Realm(b.Context(), "r0")
	if err != nil {
		b.Fatal(err)
	}
	before := heap()
	var peak uint64
	var slowest time.Duration
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
			begin, id := time.Now(), uuid.NewString()
			if err := st.CreateUser(b.Context(), r.Key, user.Account{User: user.User{ID: id, Username: id}}, nil); err != nil {
				b.Error(err)
				return
			}
			slowest = max(slowest, time.Since(begin))
		}
	})
	return func() (uint64, time.Duration) {
		close(done)
		watching.Wait()
		return peak - min(peak, before), slowest
	}
}

// townFile is a realm file that is made while it is read.
func townFile(name string) manage.Document {
	return func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			fmt.Fprintf(w, `{"realm":%q,"enabled":true,"users":[`, name)
			for i := range townSize {
				comma := ","
				if i == 0 {
					comma = ""
				}
				_, err := fmt.Fprintf(w, `%s{"username":"user-%d","email":"user-%d@example.org","firstName":"First%d","lastName":"Last","enabled":true,
					"attributes":{"team":["red"]},"credentials":[{"type":"password","secretData":"{\"value\":\"9dfeb910e80bad0311fee20f9c0e2b12\",\"salt\":\"c2FsdA==\"}",
					"credentialData":"{\"hashIterations\":5,\"algorithm\":\"argon2\"}"}]}`, comma, i, i, i%1000)
				if err != nil {
					return // the reader has gone
				}
			}
			_, err := io.WriteString(w, `]}`)
			w.CloseWithError(err)
		}()
		return r, nil
	}
}
