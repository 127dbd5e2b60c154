package engine

import (
	"context"
	"database/sql"
)

// sqliteTx is a transaction of the connection that writes. Contexts are not watched, as in Each.
type sqliteTx struct {
	s         *sqlite
	committed []func()
}

// Lock has nothing to wait for: there is one writer.
func (t *sqliteTx) Lock(context.Context, string) error { return nil }

func (t *sqliteTx) Committed(f func()) { t.committed = append(t.committed, f) }

func (t *sqliteTx) statement(query string) (*sql.Stmt, error) {
	if st, ok := t.s.prepared[query]; ok {
		return st, nil
	}
	st, err := t.s.writer.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.s.prepared[query] = st
	return st, nil
}

func (t *sqliteTx) Each(ctx context.Context, query string, args []any, row func(Scan) error) error {
	st, err := t.statement(query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	return drain(ctx, rows, err, row)
}

func (t *sqliteTx) One(_ context.Context, query string, args []any, dest ...any) error {
	st, err := t.statement(query)
	if err != nil {
		return err
	}
	return first(st.QueryRowContext(context.Background(), args...), dest)
}

func (t *sqliteTx) Exec(_ context.Context, query string, args ...any) (int64, error) {
	st, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	result, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t *sqliteTx) Send(ctx context.Context, statements []Statement) error {
	for i := range statements {
		st := &statements[i]
		rows, err := t.Exec(ctx, st.SQL, st.Args...)
		if err != nil {
			return err
		}
		st.Rows = rows
	}
	return nil
}
