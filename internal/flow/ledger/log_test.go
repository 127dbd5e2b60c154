package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shop is a realm that logs.
func shop(mode realm.LogMode) *realm.Realm {
	return realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, Log: realm.LogSettings{Mode: mode}}).Realm()
}

// node is a process with a log on a store.
func node(t *testing.T, st ledger.Chains, key ed25519.PrivateKey, name, owner string) *ledger.Log {
	l := ledger.Open(ledger.Config{Chains: st, Key: key, Node: name, Owner: owner,
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(l.Close)
	return l
}

// appendTo appends decisions number 1 to n, a second apart.
func appendTo(t *testing.T, l *ledger.Log, n int) {
	for i := range n {
		l.Append(t.Context(), shop(realm.LogOn), noon.Add(time.Duration(i+1)*time.Second), &decision.Record{ID: fmt.Sprint("decision-", i+1)})
	}
}

func public(st *store.Store) ed25519.PublicKey { return st.LogKey().Public().(ed25519.PublicKey) }

func verified(t *testing.T, st *store.Store, witnesses ...core.Statement) core.Report {
	t.Helper()
	return verifiedAt(t, st, noon, witnesses...)
}

func verifiedAt(t *testing.T, st *store.Store, now time.Time, witnesses ...core.Statement) core.Report {
	t.Helper()
	r, err := ledger.VerifyStore(t.Context(), st, "", public(st), witnesses, now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Two processes of one name write two chains, where there can be two; both verify, and an export of both.
func TestTwoNodes(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		st := storetest.Open(t, url)
		one := node(t, st, st.LogKey(), "host", "first")
		appendTo(t, one, 3)
		one.Append(t.Context(), shop(realm.LogDurable), noon, &decision.Record{ID: "waits"}) // and so it is on disk
		second := st
		if st.Shared() {
			second = storetest.Open(t, url)
		}
		two := node(t, second, second.LogKey(), "host", "second")
		appendTo(t, two, 2)
		two.Close()
		one.Close()
		r := verified(t, st)
		if len(r.Faults) > 0 {
			t.Fatalf("%+v", r.Faults)
		}
		if chains, notes := len(r.Chains), len(r.Notes); st.Shared() && (chains != 2 || notes != 0) || !st.Shared() && chains != 1 {
			t.Errorf("%d chains, notes %+v", chains, r.Notes)
		}
		var file bytes.Buffer
		if err := ledger.Export(t.Context(), st, core.Selection{Realm: "shop-key"}, st.LogKey(), noon, &file); err != nil {
			t.Fatal(err)
		}
		report, by, err := ledger.VerifyFile(bytes.NewReader(file.Bytes()), public(st), nil)
		if err != nil || len(report.Faults) > 0 || by != core.KeyText(public(st)) {
			t.Errorf("the export: %+v, by %s, %v", report, by, err)
		}
		lines := bytes.SplitAfter(file.Bytes(), []byte("\n"))
		cut := bytes.Join(lines[:len(lines)-2], nil) // without the statement
		if report, _, _ := ledger.VerifyFile(bytes.NewReader(cut), public(st), nil); len(report.Faults) == 0 {
			t.Error("an export without its last line is accepted")
		}
	})
}

// Many append at once: each decision is in the log, once.
func TestNothingIsLost(t *testing.T) {
	st := storetest.SQLite(t)
	l := node(t, st, st.LogKey(), "host", "first")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { appendTo(t, l, 200) })
	}
	all.Wait()
	l.Close()
	l.Append(t.Context(), shop(realm.LogOn), noon, &decision.Record{ID: "late"}) // does not panic, and is lost
	if r := verified(t, st); len(r.Faults)+len(r.Notes) > 0 || r.Records != 1602 {
		t.Errorf("%+v", r)
	}
	l.Append(t.Context(), shop(realm.LogOff), noon, &decision.Record{ID: "off"})
}

// A chain goes on where it ended, and after a crash says so: at once where a process goes on with it, and else when nobody
// has signed it for a while.
func TestRestart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for i, crash := range []bool{false, true, false} {
			var chains ledger.Chains = st
			if crash {
				chains = unclosed{st}
			}
			l := node(t, chains, st.LogKey(), "host", fmt.Sprint("process ", i))
			appendTo(t, l, 2)
			l.Close()
		}
		r := verified(t, st)
		if len(r.Faults) > 0 {
			t.Fatalf("%+v", r.Faults)
		}
		if chains, notes := len(r.Chains), len(r.Notes); st.Shared() && chains != 2 || !st.Shared() && (chains != 1 || notes != 1) {
			t.Errorf("%d chains, notes %+v", chains, r.Notes)
		}
		if r := verifiedAt(t, st, noon.Add(time.Hour)); len(r.Notes) != 1 || r.Notes[0].Node != "host" || len(r.Faults) > 0 {
			t.Errorf("an hour later: %+v", r)
		}
	})
}

// A crash shows when nobody has signed the chain for a while, though no process goes on with it.
func TestCrash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := node(t, unclosed{st}, st.LogKey(), "host", "first")
		appendTo(t, l, 2)
		l.Close()
		if r := verifiedAt(t, st, noon.Add(time.Minute)); len(r.Notes)+len(r.Faults) > 0 {
			t.Errorf("a minute later: %+v", r)
		}
		if r := verifiedAt(t, st, noon.Add(5*time.Minute)); len(r.Notes) != 1 || r.Notes[0].Seq != 3 || len(r.Faults) > 0 {
			t.Errorf("five minutes later: %+v", r)
		}
	})
}

// A process that has nothing to write signs its chains all the same.
func TestHeadsOfTheIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
		kept := &heads{}
		l := ledger.Open(ledger.Config{Chains: kept, Key: key, Node: "host", Owner: "first", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		l.Append(t.Context(), shop(realm.LogDurable), time.Now(), &decision.Record{ID: "one"})
		began := time.Now()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		var said []core.Statement
		for _, b := range kept.batches {
			s, err := core.ReadStatement(b.Head, key.Public().(ed25519.PublicKey))
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, s)
		}
		last := said[len(said)-1]
		if len(said) != 11 || last.Chains[0] != said[0].Chains[0] || last.At.Sub(began) < 9*time.Minute {
			t.Errorf("%d heads, the last of %s after %s", len(said), last.At, began)
		}
		l.Close()
		if end := kept.batches[len(kept.batches)-1]; !end.Release || len(end.Lines) != 1 {
			t.Errorf("closed by %+v", end)
		}
	})
}

// heads is what was written to one chain.
type heads struct{ batches []core.Batch }

func (h *heads) ClaimChain(_ context.Context, _, name, _ string) (string, core.Link, error) {
	return name, core.Link{}, nil
}

func (h *heads) ExtendChain(_ context.Context, b core.Batch) error {
	h.batches = append(h.batches, b)
	return nil
}

// unclosed keeps a chain from being closed, as a crash does.
type unclosed struct{ *store.Store }

func (u unclosed) ExtendChain(ctx context.Context, b core.Batch) error {
	if b.Release {
		return nil
	}
	return u.Store.ExtendChain(ctx, b)
}

// What the database does and does not say is written once.
func TestWrittenThoughItFailed(t *testing.T) {
	st := storetest.SQLite(t)
	l := node(t, &forgetful{Store: st}, st.LogKey(), "host", "first")
	appendTo(t, l, 3)
	l.Close()
	if r := verified(t, st); len(r.Faults) > 0 || r.Records != 5 {
		t.Errorf("%+v", r)
	}
}

// forgetful writes the first batch, and says that it did not.
type forgetful struct {
	*store.Store
	failed bool
}

func (f *forgetful) ExtendChain(ctx context.Context, b core.Batch) error {
	if err := f.Store.ExtendChain(ctx, b); err != nil || f.failed {
		return err
	}
	f.failed = true
	return context.DeadlineExceeded
}

// Somebody who has the database, and not the master key, is found out.
func TestForgedEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := node(t, st, st.LogKey(), "host", "first")
		appendTo(t, l, 3)
		l.Close()
		heads, err := st.LogHeads(t.Context(), "shop-key")
		if err != nil || len(heads) != 1 {
			t.Fatalf("%d heads, %v", len(heads), err)
		}
		witness, err := ledger.ReadWitnesses(bytes.NewReader(heads[0]), public(st))
		if err != nil {
			t.Fatal(err)
		}
		_, mine, _ := ed25519.GenerateKey(nil)
		forged := node(t, st, mine, "host", "forger")
		appendTo(t, forged, 1)
		forged.Close()
		if r := verified(t, st, witness...); len(r.Faults) == 0 {
			t.Error("a head that somebody else signed is accepted")
		}
		if _, err := ledger.ReadWitnesses(strings.NewReader(string(heads[0])), mine.Public().(ed25519.PublicKey)); err == nil {
			t.Error("a witness of another key is accepted")
		}
		honest := node(t, st, st.LogKey(), "host", "second")
		appendTo(t, honest, 1)
		honest.Close()
		if r := verified(t, st, witness...); len(r.Chains) != 2 {
			t.Errorf("the forged chain is gone on with: %+v", r.Chains)
		}
	})
}

// What is old is dropped, and what is left verifies.
func TestExpiry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, Log: realm.LogSettings{Mode: realm.LogOn, Expiration: time.Hour}})
		if err := st.CreateRealm(t.Context(), d, nil, func(func(user.Account, error) bool) {}, nil); err != nil {
			t.Fatal(err)
		}
		l := node(t, st, st.LogKey(), "host", "first")
		appendTo(t, l, 5)
		l.Close()
		if err := st.Sweep(t.Context(), noon.Add(time.Hour+10*time.Minute+3500*time.Millisecond)); err != nil { // with the slack of sweeping
			t.Fatal(err)
		}
		r := verified(t, st)
		if len(r.Faults) > 0 || r.Records != 3 || r.Chains[0].From.Seq != 4 {
			t.Errorf("%+v", r)
		}
		if err := st.Sweep(t.Context(), noon.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if r := verified(t, st); len(r.Faults) > 0 || r.Records != 0 {
			t.Errorf("%+v", r)
		}
		again := node(t, st, st.LogKey(), "host", "second")
		appendTo(t, again, 1)
		again.Close()
		if r := verified(t, st); len(r.Faults) > 0 || r.Records != 3 {
			t.Errorf("after all was dropped: %+v", r)
		}
	})
}
