//go:build unix

package kcadm

import (
	"io"
	"os"
	"syscall"
)

// lock claims a file for this process, as Java's FileChannel does; false where another process has it.
func lock(f *os.File) bool {
	claim := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	return syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &claim) == nil
}
