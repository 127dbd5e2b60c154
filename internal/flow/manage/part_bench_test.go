package manage_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// holding measures how long an edit keeps other writers waiting, at most, and what CPU time the process takes for it.
type holding struct {
	*store.Store
	elapsed, cpu time.Duration
}

func (h *holding) EditMembers(ctx context.Context, name string, edit func(*realm.Draft, user.Members) ([]event.Admin, error)) error {
	var begin time.Time
	var atWork time.Duration
	err := h.Store.EditMembers(ctx, name, func(d *realm.Draft, m user.Members) ([]event.Admin, error) {
		begin, atWork = time.Now(), cpuTime()
		return edit(d, m)
	})
	h.elapsed, h.cpu = time.Since(begin), cpuTime()-atWork
	return err
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPartialImport brings in as many users as one transaction takes. What it measures beside the whole is how
// long the transaction lasts, for which all other writers to SQLite wait.
func BenchmarkPartialImport(b *testing.B) {
	const most = 10_000
	users := make([]string, most)
	for i := range users {
		users[i] = fmt.Sprintf(`{"username": "mary.lopez%d", "email": "mary.lopez%d@example.test", "firstName": "Mary", "lastName": "Lopez", "enabled": true,
			"attributes": {"badge": ["%d"], "team": ["red"]}, "groups": ["/crew"]}`, i, i, i)
	}
	part := `{"users": [` + strings.Join(users, ",") + `]}`
	for engine, open := range map[string]func(testing.TB) string{"sqlite": storetest.File, "postgres": storetest.DurablePostgres} {
		b.Run(engine, func(b *testing.B) {
			st := storetest.Open(b, open(b))
			m := &manage.Realms{Store: st, Now: time.Now, NewID: uuid.NewString}
			held := &holding{Store: st}
			parts := &manage.Parts{Store: st, Members: held}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				name := fmt.Sprint("harbour", i)
				load(b, m, `{"realm": "`+name+`", "adminEventsEnabled": true, "groups": [{"name": "crew"}]}`)
				b.StartTimer()
				_, err := parts.Import(b.Context(), name, parsed(b, part), manage.PartOptions{Author: author(), Permit: permitted{}})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(held.elapsed.Seconds(), "held-s")
			b.ReportMetric(held.cpu.Seconds(), "held-cpu-s")
		})
	}
}
