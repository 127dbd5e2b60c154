package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// sqlite is a database in one file: a pool of connections that read, and one that writes.
type sqlite struct {
	readers    *sql.DB
	statements sync.Map // SQL → *sql.Stmt on readers

	pool     *sql.DB // holds the writer's connection only
	writing  sync.Mutex
	writer   *sql.Conn
	prepared map[string]*sql.Stmt // on writer

	temporary string // directory that goes when the database is closed
}

// pragmas hold for every connection. In WAL mode synchronous=FULL syncs the log at each commit:
// what was committed survives the loss of power. The busy timeout is for other processes: in ours
// one connection writes.
var pragmas = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)"}

// writerCache lets the connection that writes hold 16 MB of pages, which it takes as it needs them: an
// import comes back to the inner pages of indexes again and again.
const writerCache = "cache_size(-16384)"

// openSQLite opens a file, or where path is empty one that is thrown away; what is asked of connections comes on top of pragmas.
func openSQLite(ctx context.Context, path string, more ...string) (_ backend, err error) {
	s := &sqlite{prepared: map[string]*sql.Stmt{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open SQLite database %q: %w", path, err), s.close())
		}
	}()
	options := url.Values{"_pragma": slices.Concat(pragmas, more)}
	if path == "" {
		if s.temporary, err = os.MkdirTemp("", "tokenhouse-"); err != nil {
			return nil, err
		}
		path = filepath.Join(s.temporary, "throwaway.db")
		options.Add("_pragma", "synchronous(OFF)")
	}
	if err := makeFile(path); err != nil {
		return nil, err
	}
	writer := url.Values{"_pragma": append(slices.Clone(options["_pragma"]), writerCache)}
	if s.pool, err = sql.Open("sqlite", dsn(path, writer)); err != nil {
		return nil, err
	}
	s.pool.SetMaxOpenConns(1)
	if s.writer, err = firstConn(ctx, s.pool); err != nil {
		return nil, err
	}
	options.Add("_pragma", "query_only(1)")
	if s.readers, err = sql.Open("sqlite", dsn(path, options)); err != nil {
		return nil, err
	}
	most := max(4, 2*runtime.GOMAXPROCS(0)) // each holds up to 2 MB of pages
	s.readers.SetMaxOpenConns(most)
	s.readers.SetMaxIdleConns(most)
	return s, s.readers.PingContext(ctx)
}

// firstConn opens the connection that turns WAL mode on. Of two processes that do so at the same moment
// one is told at once that the file is locked, whatever its busy timeout, and tries again.
func firstConn(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	const attempts = 10
	for attempt := 1; ; attempt++ {
		c, err := pool.Conn(ctx)
		if err == nil || attempt == attempts || !sqliteBusy(err) {
			return c, err
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// makeFile makes the database's file, where there is none, so that only its owner can read it: SQLite
// itself lets everybody, and gives the files beside it the same mode. It is made under another name,
// since closing a file drops the locks that this process has on it, SQLite's too.
func makeFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // somebody else was first
}

// dsn is the driver's name for a file; the path may hold any character.
func dsn(path string, options url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}).String()
}

// Each reads without watching ctx while SQLite works: an interruptible statement costs a goroutine,
// and ours are short.
func (s *sqlite) Each(ctx context.Context, query string, args []any, row func(Scan) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	st, err := s.statement(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	return drain(ctx, rows, err, row)
}

func (s *sqlite) One(ctx context.Context, query string, args []any, dest ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	st, err := s.statement(ctx, query)
	if err != nil {
		return err
	}
	return first(st.QueryRowContext(context.Background(), args...), dest)
}

// statement prepares SQL once for all readers.
func (s *sqlite) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.statements.Load(query); ok {
		return st.(*sql.Stmt), nil
	}
	st, err := s.readers.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	kept, loaded := s.statements.LoadOrStore(query, st)
	if loaded {
		_ = st.Close() // somebody else was first; nothing was read with this one
	}
	return kept.(*sql.Stmt), nil
}

func drain(ctx context.Context, rows *sql.Rows, err error, row func(Scan) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func first(row *sql.Row, dest []any) error {
	err := row.Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoRows
	}
	return err
}

func (s *sqlite) view(ctx context.Context, read func(Reader) error) error {
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // it only read
	return read(sqliteView{tx})
}

// sqliteView reads within one transaction.
type sqliteView struct{ tx *sql.Tx }

func (v sqliteView) Each(ctx context.Context, query string, args []any, row func(Scan) error) error {
	rows, err := v.tx.QueryContext(ctx, query, args...)
	return drain(ctx, rows, err, row)
}

func (v sqliteView) One(ctx context.Context, query string, args []any, dest ...any) error {
	return first(v.tx.QueryRowContext(ctx, query, args...), dest)
}

func (s *sqlite) change(ctx context.Context, change func(Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &sqliteTx{s: s}
	if err := s.transaction(func() error { return change(t) }); err != nil {
		return err
	}
	for _, f := range t.committed {
		f()
	}
	return nil
}

func (s *sqlite) apply(ctx context.Context, statements []*Statement) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	t := &sqliteTx{s: s}
	return s.transaction(func() error {
		for _, st := range statements {
			rows, err := t.Exec(ctx, st.SQL, st.Args...)
			if err != nil {
				return err
			}
			st.Rows = rows
		}
		return nil
	})
}

// transaction runs between BEGIN and COMMIT; whoever calls it holds s.writing. IMMEDIATE, since a
// transaction that begins by reading cannot write any more once another process wrote.
func (s *sqlite) transaction(run func() error) (err error) {
	t := &sqliteTx{s: s}
	if _, err := t.Exec(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // also when run panics: the next transaction could not begin
			if _, undo := t.Exec(context.Background(), "ROLLBACK"); undo != nil {
				err = errors.Join(err, undo)
			}
		}
	}()
	if err := run(); err != nil {
		return err
	}
	if _, err := t.Exec(context.Background(), "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}

// foreignVersion changes when another process commits, and only then.
func (s *sqlite) foreignVersion(ctx context.Context) (version int64, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err = (&sqliteTx{s: s}).One(ctx, "PRAGMA data_version", nil, &version)
	return version, err
}

func (s *sqlite) ping(ctx context.Context) error { return s.readers.PingContext(ctx) }

// close waits for a transaction that is under way.
func (s *sqlite) close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		for _, st := range s.prepared {
			errs = append(errs, st.Close())
		}
		errs = append(errs, s.writer.Close())
	}
	if s.pool != nil {
		errs = append(errs, s.pool.Close())
	}
	if s.temporary != "" {
		errs = append(errs, os.RemoveAll(s.temporary))
	}
	return errors.Join(errs...)
}
