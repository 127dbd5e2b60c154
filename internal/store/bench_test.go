package store_test

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// eachDurable runs a benchmark on both engines, which sync to disk as in production.
func eachDurable(b *testing.B, run func(b *testing.B, url string, s *store.Store)) {
	b.Run("sqlite", func(b *testing.B) {
		url := storetest.File(b)
		run(b, url, storetest.Open(b, url))
	})
	b.Run("postgres", func(b *testing.B) {
		url := storetest.DurablePostgres(b)
		run(b, url, storetest.Open(b, url))
	})
}

// cpu starts the measuring of what the process, without the database's, takes of processors: other
// work on the machine does not count.
func cpu(b *testing.B) {
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	b.Cleanup(func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") })
}

func cpuTime(b testing.TB) int64 {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// largeShop makes the shop with many clients, each as real ones are.
func largeShop(b *testing.B, s *store.Store, clients int) {
	b.Helper()
	d := realm.New(shop, realm.Settings{Name: "shop", Enabled: true})
	for i := range clients {
		d.PutClient(realClient(i))
	}
	must(b, s.CreateRealm(b.Context(), d, nil, nil, nil))
}

func realClient(i int) *realm.Client {
	return &realm.Client{
		Key: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), ID: fmt.Sprint("client-", i), Protocol: "openid-connect", Enabled: true,
		Authenticator: "client-secret", Secret: "hUfBnLFl1WVlWZ0Bb9sMOqGWCzWFzXzj", ServiceAccounts: true, FullScope: true,
		RedirectURIs: []string{"https://app.example.org/*"}, WebOrigins: []string{"+"},
		DefaultScopes:  []string{"4e1f0b42-0000-4000-8000-000000000001", "4e1f0b42-0000-4000-8000-000000000002", "4e1f0b42-0000-4000-8000-000000000003"},
		OptionalScopes: []string{"4e1f0b42-0000-4000-8000-000000000004", "4e1f0b42-0000-4000-8000-000000000005"},
		Mappers: []realm.Mapper{{Key: fmt.Sprint("mapper-", i), Name: "audience", Kind: "oidc-audience-mapper", Protocol: "openid-connect",
			Config: map[string]string{"included.client.audience": "api", "access.token.claim": "true", "id.token.claim": "false"}}},
	}
}

func BenchmarkRealm(b *testing.B) {
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		largeShop(b, s, 10_000)
		theShop(b, s)
		b.Run("client of 10000", func(b *testing.B) {
			cpu(b)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					r, err := s.Realm(b.Context(), "shop")
					if err != nil || r.Client("client-77") == nil {
						b.Fatal(err)
					}
				}
			})
		})
	})
}

func BenchmarkLoadRealm(b *testing.B) {
	eachDurable(b, func(b *testing.B, url string, s *store.Store) {
		largeShop(b, s, 10_000)
		b.Run("10000 clients", func(b *testing.B) {
			cpu(b)
			for b.Loop() {
				b.StopTimer()
				fresh, err := store.Open(b.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
				must(b, err)
				b.StartTimer()
				theShop(b, fresh)
				b.StopTimer()
				must(b, fresh.Close())
				b.StartTimer()
			}
		})
	})
}

func BenchmarkEditRealm(b *testing.B) {
	for _, clients := range []int{10, 10_000} {
		b.Run(fmt.Sprint(clients, " clients"), func(b *testing.B) {
			eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
				largeShop(b, s, clients)
				theShop(b, s)
				cpu(b)
				for i := 0; b.Loop(); i++ {
					edit(b, s, func(d *realm.Draft) { d.PutClient(realClient(clients + i)) })
				}
			})
		})
	}
}

// Of a thousand realms each is asked for in turn.
func BenchmarkThousandRealms(b *testing.B) {
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		const realms = 1000
		for i := range realms {
			d := realm.New(fmt.Sprint("key-", i), realm.Settings{Name: fmt.Sprint("realm-", i)})
			for j := range 10 {
				d.PutClient(realClient(j))
			}
			must(b, s.CreateRealm(b.Context(), d, nil, nil, nil))
			must(b, second(s.RealmByKey(b.Context(), fmt.Sprint("key-", i))))
		}
		cpu(b)
		for i := 0; b.Loop(); i++ {
			must(b, second(s.Realm(b.Context(), fmt.Sprint("realm-", i%realms))))
		}
	})
}

func BenchmarkUser(b *testing.B) {
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		newAlice(b, s)
		cpu(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.UserByName(b.Context(), shop, "alice"); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkSession(b *testing.B) {
	eachDurable(b, func(b *testing.B, url string, s *store.Store) {
		startSession(b, s, "sid", "alice")
		read := func(b *testing.B, s *store.Store, id string) {
			if _, err := s.Session(b.Context(), shop, id, false); err != nil {
				b.Fatal(err)
			}
			if _, err := s.Granted(b.Context(), shop, id, "web-key", false); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("seen", func(b *testing.B) {
			cpu(b)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					read(b, s, "sid")
				}
			})
		})
		b.Run("unseen", func(b *testing.B) {
			const many = 40_000 // twice as many as the cache holds
			for i := range many {
				go func() { startSession(b, s, fmt.Sprint(i), "alice") }()
			}
			startSession(b, s, "last", "alice")
			within(b, time.Minute, "all sessions are there", func() bool {
				list, err := s.FindSessions(b.Context(), shop, session.Query{User: "alice"}, 0, -1)
				return err == nil && len(list) == many+2
			})
			cpu(b)
			var next atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					read(b, s, fmt.Sprint(next.Add(1)%many))
				}
			})
		})
	})
}

func BenchmarkRecord(b *testing.B) {
	eachDurable(b, func(b *testing.B, url string, _ *store.Store) {
		s, err := store.Open(b.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
		must(b, err)
		e := event.Event{Time: at, Kind: event.TokenExchange, Realm: shop, RealmName: "shop", Client: "gateway",
			UserID: "00000000-0000-4000-8000-000000000001", Session: "00000000-0000-4000-8000-000000000002", Address: "127.0.0.1",
			Details: []event.Detail{{Name: "token_id", Value: "trrtcc:00000000-0000-4000-8000-000000000003"},
				{Name: "grant_type", Value: "urn:ietf:params:oauth:grant-type:token-exchange"}, {Name: "scope", Value: "profile email"}}}
		cpu(b)
		for i := 0; b.Loop(); i++ {
			e.Time = at.Add(time.Duration(i) * time.Microsecond)
			s.Record(b.Context(), e)
		}
		must(b, s.Close()) // until all are written
	})
}

// As many at once as a busy server has, each refreshing a session of its own.
func BenchmarkRefresh(b *testing.B) {
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		b.SetParallelism(16)
		cpu(b)
		var workers atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			id := fmt.Sprint("sid-", workers.Add(1))
			startSession(b, s, id, "alice")
			for i := 0; pb.Next(); i++ {
				if _, err := s.Session(b.Context(), shop, id, false); err != nil {
					b.Fatal(err)
				}
				prev, err := s.Grant(b.Context(), shop, id, "web-key", false)
				if err != nil {
					b.Fatal(err)
				}
				next := *prev
				next.RefreshID, next.LastAccess = fmt.Sprint(i), at.Add(time.Duration(i)*time.Second)
				if err := s.Refresh(b.Context(), shop, *prev, next); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkAddGrant(b *testing.B) {
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		b.SetParallelism(16)
		cpu(b)
		var workers atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			id := fmt.Sprint("sid-", workers.Add(1))
			startSession(b, s, id, "alice")
			for i := 0; pb.Next(); i++ {
				if err := s.AddGrant(b.Context(), shop, session.Grant{Session: id, Client: fmt.Sprint("client-", i), Started: at}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
