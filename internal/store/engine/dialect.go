package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is all that differs between the two engines, but for how SQL is handed to them.
type dialect struct {
	open    func(ctx context.Context, address string) (backend, error)
	shared  bool // other nodes may write to the database too
	writers int  // goroutines that commit groups

	duplicate   func(error) (table, column string, ok bool)
	isOrphan    func(error) bool // a foreign key leads nowhere
	isMalformed func(error) bool // a text that cannot be stored
	isTransient func(error) bool // trying again may help, and nothing was written
	isRefused   func(error) bool // the database said no, and nothing was written
}

var sqliteDialect = dialect{
	open:        func(ctx context.Context, path string) (backend, error) { return openSQLite(ctx, path) },
	writers:     1,
	duplicate:   sqliteDuplicate,
	isOrphan:    sqliteCode(sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY),
	isMalformed: func(error) bool { return false },
	isTransient: sqliteBusy,
	isRefused:   func(error) bool { return true },
}

// unsynced is the prefix of a SQLite file whose commits survive the process, and not the loss of power: for tests.
const unsynced = "sqlite-unsynced:"

var unsyncedDialect = func() dialect {
	d := sqliteDialect
	d.open = func(ctx context.Context, path string) (backend, error) {
		return openSQLite(ctx, path, "synchronous(OFF)")
	}
	return d
}()

var postgresDialect = dialect{
	open:        openPostgres,
	shared:      true,
	writers:     4,
	duplicate:   postgresDuplicate,
	isOrphan:    postgresCode("23503"),
	isMalformed: postgresCode("22021", "54000"), // no such character; too long for an index
	isTransient: func(err error) bool {
		return postgresCode("40001", "40P01")(err) || pgconn.SafeToRetry(err)
	},
	isRefused: func(err error) bool {
		var pg *pgconn.PgError
		return errors.As(err, &pg)
	},
}

// parse finds the dialect of a URL, and what that dialect calls the database.
func parse(url string) (*dialect, string) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return &postgresDialect, url
	}
	if path, ok := strings.CutPrefix(url, unsynced); ok {
		return &unsyncedDialect, path
	}
	path := strings.TrimPrefix(url, "sqlite:")
	if path == ":memory:" {
		path = ""
	}
	return &sqliteDialect, path
}

// sqliteBusy tells whether another process holds the database.
var sqliteBusy = sqliteCode(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_BUSY_RECOVERY)

func sqliteCode(codes ...int) func(error) bool {
	return func(err error) bool {
		var e *sqlitedriver.Error
		if !errors.As(err, &e) {
			return false
		}
		for _, code := range codes {
			if e.Code() == code {
				return true
			}
		}
		return false
	}
}

// sqliteDuplicate reads "… UNIQUE constraint failed: users.realm, users.username (2067)": the last
// column is the one that is unique in the realm.
func sqliteDuplicate(err error) (table, column string, ok bool) {
	if !sqliteCode(sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)(err) {
		return "", "", false
	}
	_, columns, _ := strings.Cut(err.Error(), "constraint failed: UNIQUE constraint failed: ")
	last := columns[strings.LastIndex(columns, ", ")+1:]
	last, _, _ = strings.Cut(strings.TrimSpace(last), " ")
	table, column, _ = strings.Cut(last, ".")
	return table, column, true
}

func postgresCode(codes ...string) func(error) bool {
	return func(err error) bool {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			return false
		}
		for _, code := range codes {
			if e.Code == code {
				return true
			}
		}
		return false
	}
}

// postgresDuplicate reads the constraint's name: table_column, or table_pkey, whose last column is
// "id" wherever a duplicate is possible.
func postgresDuplicate(err error) (table, column string, ok bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "23505" {
		return "", "", false
	}
	column = strings.TrimPrefix(e.ConstraintName, e.TableName+"_")
	if column == "pkey" {
		column = "id"
	}
	return e.TableName, column, true
}
