//go:build unix

package server

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Own claims an SQLite database for this process until release is called, or the process ends: a
// server keeps what it read, and does not hear of what another process writes. ErrOwned where another
// has it. Reading beside the owner needs no claim. PostgreSQL belongs to nobody.
func Own(d Database) (release func() error, err error) {
	path := d.file()
	if path == "" {
		return unowned, nil
	}
	if err := d.makeDirectory(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrOwned
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f.Close, nil
}
