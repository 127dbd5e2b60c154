package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// ErrNoRows says that One found nothing.
var ErrNoRows = errors.New("no rows")

// ErrClosed says that the database was closed.
var ErrClosed = errors.New("the database is closed")

// Scan copies the columns of a row to where dest points.
type Scan func(dest ...any) error

// Reader reads.
type Reader interface {
	// Each calls row for every row of the answer. Memory that Scan filled in belongs to the caller.
	Each(ctx context.Context, sql string, args []any, row func(Scan) error) error

	// One reads the first row, or gives ErrNoRows.
	One(ctx context.Context, sql string, args []any, dest ...any) error
}

// Tx is a transaction.
type Tx interface {
	Reader

	// Exec runs a statement and tells how many rows it touched.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)

	// Send runs statements in order, in one round trip, and fills in their Rows.
	Send(ctx context.Context, statements []Statement) error

	// Lock waits for other transactions that hold the lock of this name, and holds it until this one ends. It is for
	// what no constraint of the schema can say: whoever looks and then writes behind it is the only one that does.
	Lock(ctx context.Context, name string) error

	// Committed has a function called once the transaction is durable, and with SQLite before any
	// other can begin.
	Committed(func())
}

// Statement is SQL with its arguments.
type Statement struct {
	SQL  string
	Args []any
	Rows int64 // how many rows it touched, once it ran
}

// Write is a change whose statements are known beforehand, so that it can share a transaction with
// others. Its statements must not fail for what the caller can expect: they touch no rows instead.
type Write struct {
	// Lock names what the statements lock. The writes of a group run in its order, so that groups
	// of two nodes that meet at the same rows wait for each other instead of dead-locking.
	Lock string

	Statements []Statement

	// Last are statements that run after those of all other writes of the group: those that lock
	// what everybody locks.
	Last []Statement

	// Committed, where not nil, is called once the write is durable and before Write returns; with
	// SQLite in the order of commits.
	Committed func()
}

// backend is a database as one of the engines has it.
type backend interface {
	Reader
	view(ctx context.Context, read func(Reader) error) error
	change(ctx context.Context, change func(Tx) error) error
	apply(ctx context.Context, statements []*Statement) error
	ping(ctx context.Context) error
	migrate(ctx context.Context) error
	close() error
}

// Database is an open database. It is safe for concurrent use.
type Database struct {
	backend
	dialect *dialect
	writer  *writer
	log     *slog.Logger
}

// Open opens the database at a URL and brings its schema up to date: "postgres://…", or SQLite at
// "sqlite:PATH" or a plain path, or in a throw-away file where the URL is empty.
func Open(ctx context.Context, url string, log *slog.Logger) (*Database, error) {
	dl, address := parse(url)
	b, err := dl.open(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := b.migrate(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	d := &Database{backend: b, dialect: dl, log: log}
	d.writer = startWriter(b, dl, log)
	return d, nil
}

// Path is the file of the database; empty where it is no file, or one to be thrown away.
func Path(url string) string {
	dl, address := parse(url)
	if dl.shared {
		return ""
	}
	return address
}

// Shared tells whether other nodes may write to the database too.
func (d *Database) Shared() bool { return d.dialect.shared }

// Throwaway tells whether the database goes when it is closed.
func (d *Database) Throwaway() bool {
	s, ok := d.backend.(*sqlite)
	return ok && s.temporary != ""
}

// View runs reads that all see the database as it was at one moment.
func (d *Database) View(ctx context.Context, read func(Reader) error) error {
	return d.view(ctx, read)
}

// Change runs a transaction, and runs it again where it failed for a reason that passes, as a
// deadlock. With SQLite it waits for other writers and keeps them waiting: the change must not
// write in any other way.
func (d *Database) Change(ctx context.Context, change func(Tx) error) error {
	const attempts = 10
	for attempt := 1; ; attempt++ {
		err := d.change(ctx, change)
		if err == nil || attempt == attempts || !d.dialect.isTransient(err) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// pause waits longer from attempt to attempt, about 5 ms at first and 0.3 s at last, each time by
// chance a little more or less, so that those who collided do not collide again.
func pause(ctx context.Context, attempt int) error {
	wait := 5 * time.Millisecond << min(attempt-1, 6)
	wait = wait/2 + rand.N(wait)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// Write runs a write, in one transaction with others that wait at the same time, and returns when
// it is durable. Where ctx ends first the write may still happen.
func (d *Database) Write(ctx context.Context, w *Write) error { return d.writer.write(ctx, w) }

// Later queues a statement that is written soon. A full queue keeps the caller waiting.
func (d *Database) Later(s Statement) error { return d.writer.later(s) }

// Flush returns once what was queued before is written.
func (d *Database) Flush(ctx context.Context) error { return d.writer.flush(ctx) }

// Listen calls wake whenever a statement notifies the channel, until ctx ends or the connection
// does, which is the error. Only a shared database can notify.
func (d *Database) Listen(ctx context.Context, channel string, wake func()) error {
	p, ok := d.backend.(*postgres)
	if !ok {
		return errors.ErrUnsupported
	}
	return p.listen(ctx, channel, wake)
}

// ForeignVersion changes when another process commits to the database, and only then. Only a
// database that is not shared can tell.
func (d *Database) ForeignVersion(ctx context.Context) (int64, error) {
	s, ok := d.backend.(*sqlite)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	return s.foreignVersion(ctx)
}

// Ping tells whether the database answers.
func (d *Database) Ping(ctx context.Context) error { return d.ping(ctx) }

// Close writes what is queued and closes the database.
func (d *Database) Close() error {
	d.writer.close()
	return d.close()
}

// Duplicate tells which column must be unique and is not, where that is why err came about.
func (d *Database) Duplicate(err error) (table, column string, ok bool) {
	return d.dialect.duplicate(err)
}

// Orphan tells whether err came about because a row belongs to one that is not there.
func (d *Database) Orphan(err error) bool { return d.dialect.isOrphan(err) }

// Malformed tells whether err came about because the database cannot hold a text, as PostgreSQL
// cannot hold NUL: nothing that is stored has it.
func (d *Database) Malformed(err error) bool { return d.dialect.isMalformed(err) }
