package engine

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrations only go forward, each in a transaction.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate borrows the writer's connection: there is no other that may write. Of two processes that
// start at the same moment one may stumble over what the other makes, and tries again.
func (s *sqlite) migrate(ctx context.Context) error {
	if err := s.writer.Close(); err != nil {
		return err
	}
	s.writer = nil
	const attempts = 10
	for attempt := 1; ; attempt++ {
		err := migrate(ctx, goose.DialectSQLite3, s.pool)
		if err == nil {
			break
		}
		if attempt == attempts || pause(ctx, attempt) != nil {
			return err
		}
	}
	var err error
	s.writer, err = s.pool.Conn(ctx)
	return err
}

// migrate holds an advisory lock: nodes that start together wait for the first.
func (p *postgres) migrate(ctx context.Context) (err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds, times
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(p.pool)
	defer func() { err = errors.Join(err, db.Close()) }() // the pool stays open
	return migrate(ctx, goose.DialectPostgres, db, goose.WithSessionLocker(locker))
}

func migrate(ctx context.Context, d goose.Dialect, db *sql.DB, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(d, db, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}
