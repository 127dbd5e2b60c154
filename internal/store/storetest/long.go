package storetest

import (
	"os"
	"testing"
)

// Long is the environment variable that lets the long tests run too.
const Long = "TEST_LONG"

// IsLong tells whether the long tests run.
func IsLong() bool { return os.Getenv(Long) == "1" }

// SkipUnlessLong leaves a test to the long run.
func SkipUnlessLong(t testing.TB) {
	t.Helper()
	if !IsLong() {
		t.Skip("long: runs where " + Long + "=1, as in make test-all")
	}
}
