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

// Migrations only go forward, each in a transaction. What the databases do not have in common is in a
// directory for each.
//
//go:embed migrations
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
	search, err := ofOne(files, d, 3, "search")
	if err != nil {
		return err
	}
	options = append(options, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(search))
	provider, err := goose.NewProvider(d, db, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return current(ctx, provider)
}

// current refuses a database that a newer version has brought up to date: this one would write what that one reads otherwise.
func current(ctx context.Context, provider *goose.Provider) error {
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if has > knows {
		return fmt.Errorf("the database was brought up to date by a newer version: its schema has version %d, and this is for %d. Start that version, or restore a backup from before", has, knows)
	}
	return nil
}

// ofOne is a migration that each database has its own of.
func ofOne(files fs.FS, d goose.Dialect, version int64, name string) (*goose.Migration, error) {
	directory := "postgres"
	if d == goose.DialectSQLite3 {
		directory = "sqlite"
	}
	text, err := fs.ReadFile(files, fmt.Sprintf("%s/%04d_%s.sql", directory, version, name))
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, string(text))
		return err
	}
	return goose.NewGoMigration(version, &goose.GoFunc{RunTx: run}, nil), nil
}
