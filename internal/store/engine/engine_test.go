package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func open(t testing.TB, url string, log *slog.Logger) *engine.Database {
	t.Helper()
	d, err := engine.Open(t.Context(), url, log)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// each runs a test on an empty database of each engine.
func each(t *testing.T, test func(t *testing.T, d *engine.Database)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		d := open(t, url, slog.Default())
		defer func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, d)
	})
}

func insertRealm(id, name string) engine.Statement {
	return engine.Statement{SQL: `INSERT INTO realm (id, name, public, version) VALUES ($1, $2, $3, 1)`, Args: []any{id, name, id + " " + name}}
}

func count(t testing.TB, d engine.Reader) (n int64) {
	t.Helper()
	if err := d.One(t.Context(), `SELECT COUNT(*) FROM realm`, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPlaceholdersMayComeInAnyOrderAndAgain(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		var a, b, c string
		err := d.One(t.Context(), `SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)`, []any{"one", "two"}, &a, &b, &c)
		if err != nil || a != "two" || b != "one" || c != "two" {
			t.Errorf("%q %q %q %v", a, b, c, err)
		}
	})
}

func TestOneWithoutRows(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		var id string
		if err := d.One(t.Context(), `SELECT id FROM realm`, nil, &id); !errors.Is(err, engine.ErrNoRows) {
			t.Errorf("%v, want no rows", err)
		}
	})
}

// Writes share transactions, and one that fails must not take others with it.
func TestFailingWriteFailsAlone(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		const many = 60
		failed := make([]error, many)
		var wg sync.WaitGroup
		for i := range many {
			wg.Go(func() {
				first := insertRealm(fmt.Sprint(i), fmt.Sprint("name ", i))
				second := insertRealm(fmt.Sprint(i, " again"), fmt.Sprint("other name ", i))
				if i%3 == 0 {
					second.Args[1] = first.Args[1] // taken, by itself
				}
				failed[i] = d.Write(t.Context(), &engine.Write{Statements: []engine.Statement{first, second}})
			})
		}
		wg.Wait()
		for i, err := range failed {
			if _, _, taken := d.Duplicate(err); taken != (i%3 == 0) {
				t.Errorf("write %d: %v", i, err)
			}
		}
		if got := count(t, d); got != many/3*2*2 {
			t.Errorf("%d rows: a write is there in part, or others are missing", got)
		}
	})
}

func TestWriteTellsRowsAndThatItIsCommitted(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		w := &engine.Write{
			Statements: []engine.Statement{insertRealm("a", "a"), {SQL: `UPDATE realm SET version = 2 WHERE id = $1`, Args: []any{"nobody"}}},
			Last:       []engine.Statement{{SQL: `UPDATE realm SET version = 3`}},
		}
		committed := false
		w.Committed = func() { committed = count(t, d) == 1 }
		if err := d.Write(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if !committed {
			t.Error("Committed was not called, or before the commit")
		}
		if w.Statements[0].Rows != 1 || w.Statements[1].Rows != 0 || w.Last[0].Rows != 1 {
			t.Errorf("rows %d, %d, %d", w.Statements[0].Rows, w.Statements[1].Rows, w.Last[0].Rows)
		}
	})
}

func TestQueuedStatementThatFailsIsLoggedAndLosesNoOther(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		var log strings.Builder
		d := open(t, url, slog.New(slog.NewTextHandler(&log, nil)))
		for _, s := range []engine.Statement{insertRealm("a", "same"), insertRealm("b", "same"), insertRealm("c", "other")} {
			if err := d.Later(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "lost"); got != 1 {
			t.Errorf("the log tells of %d losses: %s", got, log.String())
		}
		again := open(t, url, slog.Default())
		defer again.Close()
		if got := count(t, again); got != 2 {
			t.Errorf("%d of 2 rows were written", got)
		}
	})
}

func TestClosedDatabaseTakesNothing(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		d := open(t, url, slog.Default())
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), &engine.Write{}); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		if err := d.Later(engine.Statement{}); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Later: %v", err)
		}
	})
}

func TestChangeThatFailsOrPanicsChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		failed := errors.New("no")
		insert := func(then func() error) func(engine.Tx) error {
			return func(tx engine.Tx) error {
				tx.Committed(func() { t.Error("Committed was called") })
				if err := tx.Send(t.Context(), []engine.Statement{insertRealm("a", "a")}); err != nil {
					return err
				}
				if count(t, tx) != 1 {
					t.Error("a transaction does not see what it wrote")
				}
				return then()
			}
		}
		if err := d.Change(t.Context(), insert(func() error { return failed })); !errors.Is(err, failed) {
			t.Errorf("%v, want the change's own error", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = d.Change(t.Context(), insert(func() error { panic("oh") }))
		}()
		if got := count(t, d); got != 0 {
			t.Errorf("%d rows stayed", got)
		}
		if err := d.Write(t.Context(), &engine.Write{Statements: []engine.Statement{insertRealm("b", "b")}}); err != nil {
			t.Errorf("the database is of no use afterwards: %v", err)
		}
	})
}

func TestViewSeesOneMoment(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		err := d.View(t.Context(), func(r engine.Reader) error {
			before := count(t, r)
			if err := d.Write(t.Context(), &engine.Write{Statements: []engine.Statement{insertRealm("a", "a")}}); err != nil {
				return err
			}
			if after := count(t, r); after != before {
				t.Errorf("%d rows became %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestErrorsAreToldApart(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		run := func(statements ...engine.Statement) error {
			return d.Change(t.Context(), func(tx engine.Tx) error { return tx.Send(t.Context(), statements) })
		}
		user := func(realm, id, name string) engine.Statement {
			return engine.Statement{SQL: `INSERT INTO users (realm, id, username, doc, version) VALUES ($1, $2, $3, '{}', 1)`,
				Args: []any{realm, id, name}}
		}
		for what, test := range map[string]struct {
			err           error
			table, column string
		}{
			"primary key of one column": {run(insertRealm("a", "a"), insertRealm("a", "b")), "realm", "id"},
			"unique column":             {run(insertRealm("a", "a"), insertRealm("b", "a")), "realm", "name"},
			"primary key of two":        {run(insertRealm("a", "a"), user("a", "u", "x"), user("a", "u", "y")), "users", "id"},
			"unique of two":             {run(insertRealm("a", "a"), user("a", "u", "x"), user("a", "v", "x")), "users", "username"},
		} {
			table, column, ok := d.Duplicate(test.err)
			if !ok || table != test.table || column != test.column {
				t.Errorf("%s: %s.%s, want %s.%s of %v", what, table, column, test.table, test.column, test.err)
			}
			if d.Orphan(test.err) {
				t.Errorf("%s: %v counts as an orphan", what, test.err)
			}
		}
		orphan := run(user("nowhere", "u", "x"))
		if _, _, taken := d.Duplicate(orphan); taken || !d.Orphan(orphan) {
			t.Errorf("%v does not count as an orphan", orphan)
		}
	})
}

// Two that lock the same rows in different order stand in each other's way, and both succeed.
func TestDeadlockIsRetried(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		must := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		must(d.Change(t.Context(), func(tx engine.Tx) error {
			return tx.Send(t.Context(), []engine.Statement{insertRealm("a", "a"), insertRealm("b", "b")})
		}))
		both := make(chan struct{}, 2) // filled when each holds its first lock, where two can
		lock := func(ids ...string) {
			first := true
			must(d.Change(t.Context(), func(tx engine.Tx) error {
				for i, id := range ids {
					if _, err := tx.Exec(t.Context(), `UPDATE realm SET version = version + 1 WHERE id = $1`, id); err != nil {
						return err
					}
					if i == 0 && first && d.Shared() {
						first = false
						both <- struct{}{}
						for len(both) < 2 {
							time.Sleep(time.Millisecond)
						}
					}
				}
				return nil
			}))
		}
		var wg sync.WaitGroup
		wg.Go(func() { lock("a", "b") })
		wg.Go(func() { lock("b", "a") })
		wg.Wait()
		var a, b int64
		must(d.One(t.Context(), `SELECT MIN(version), MAX(version) FROM realm`, nil, &a, &b))
		if a != 3 || b != 3 {
			t.Errorf("versions are %d and %d, want 3: a change is lost, or counted twice", a, b)
		}
	})
}

func TestWriteWhoseCallerIsGone(t *testing.T) {
	each(t, func(t *testing.T, d *engine.Database) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := d.Write(ctx, &engine.Write{Statements: []engine.Statement{insertRealm("a", "a")}})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want cancelled, or that it was written", err)
		}
		if err == nil && count(t, d) != 1 {
			t.Error("it is said to be written and is not")
		}
	})
}

// TestOlderVersionDoesNotOpenANewerDatabase: it would write what the newer one reads otherwise.
func TestOlderVersionDoesNotOpenANewerDatabase(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		d := open(t, url, slog.New(slog.DiscardHandler))
		if err := d.Change(t.Context(), func(tx engine.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)`, 9999, true)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := engine.Open(t.Context(), url, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "9999") {
			t.Errorf("opened: %v", err)
		}
	})
}
