package server

import "errors"

// ErrOwned is told where another process has claimed an SQLite database.
var ErrOwned = errors.New("another process has the database open")

// unowned is the release of what nobody needs to claim.
func unowned() error { return nil }
