package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres is a database on a server, which several nodes may share.
type postgres struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, url string) (backend, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil { // it names what is wrong, and not the password
		return nil, fmt.Errorf("PostgreSQL URL: %w", err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		c.MaxConns = int32(max(16, 4*runtime.GOMAXPROCS(0)))
	}
	c.ConnConfig.RuntimeParams["application_name"] = "tokenhouse"
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach PostgreSQL database: %w", err)
	}
	return &postgres{pool}, nil
}

// asker is what a pool, a connection and a transaction have in common.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// postgresTx runs SQL with whoever it is given.
type postgresTx struct {
	asker
	committed []func()
}

func (t *postgresTx) Committed(f func()) { t.committed = append(t.committed, f) }

func (t *postgresTx) Each(ctx context.Context, sql string, args []any, row func(Scan) error) error {
	rows, err := t.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *postgresTx) One(ctx context.Context, sql string, args []any, dest ...any) error {
	err := t.QueryRow(ctx, sql, args...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoRows
	}
	return err
}

func (t *postgresTx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := t.asker.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

func (t *postgresTx) Lock(ctx context.Context, name string) error {
	_, err := t.asker.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, name)
	return err
}

func (t *postgresTx) Send(ctx context.Context, statements []Statement) error {
	pointers := make([]*Statement, len(statements))
	for i := range statements {
		pointers[i] = &statements[i]
	}
	return t.send(ctx, pointers)
}

// send runs statements in one round trip. Outside a transaction they are one of their own: a
// pipeline without a synchronisation point within is (PostgreSQL manual, 55.2.4).
func (t *postgresTx) send(ctx context.Context, statements []*Statement) (err error) {
	b := &pgx.Batch{}
	for _, st := range statements {
		b.Queue(st.SQL, st.Args...)
	}
	results := t.SendBatch(ctx, b)
	defer func() {
		// The transaction ends here: an error may come as late as this.
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for _, st := range statements {
		tag, err := results.Exec()
		if err != nil {
			return err
		}
		st.Rows = tag.RowsAffected()
	}
	return nil
}

func (p *postgres) Each(ctx context.Context, sql string, args []any, row func(Scan) error) error {
	return (&postgresTx{asker: p.pool}).Each(ctx, sql, args, row)
}

func (p *postgres) One(ctx context.Context, sql string, args []any, dest ...any) error {
	return (&postgresTx{asker: p.pool}).One(ctx, sql, args, dest...)
}

func (p *postgres) view(ctx context.Context, read func(Reader) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, p.pool, options, func(tx pgx.Tx) error { return read(&postgresTx{asker: tx}) })
}

func (p *postgres) change(ctx context.Context, change func(Tx) error) error {
	t := &postgresTx{}
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		t.asker = tx
		return change(t)
	})
	if err != nil {
		return err
	}
	for _, f := range t.committed {
		f()
	}
	return nil
}

func (p *postgres) apply(ctx context.Context, statements []*Statement) error {
	return (&postgresTx{asker: p.pool}).send(ctx, statements)
}

// listen calls wake whenever somebody notifies the channel, until ctx ends or the connection does.
func (p *postgres) listen(ctx context.Context, channel string, wake func()) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	c := conn.Hijack() // it listens for ever: it is no connection for anybody else
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.Close(ctx) // nothing was being written
	}()
	if _, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return err
	}
	for {
		if _, err := c.WaitForNotification(ctx); err != nil {
			return err
		}
		wake()
	}
}

func (p *postgres) ping(ctx context.Context) error { return p.pool.Ping(ctx) }

func (p *postgres) close() error {
	p.pool.Close()
	return nil
}
