package cli

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokenhouse/tokenhouse/examples"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tokenhouse": func() { os.Exit(Main(os.Args[1:], "v0.0.0-test")) },
	})
}

// TestScripts runs the command as people do: testdata/script/*.txtar. The shop of the examples is
// there as shop.json.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error {
			return os.WriteFile(e.WorkDir+"/shop.json", examples.Shop, 0o600)
		},
	})
}

// exits runs a command and wants its exit code: exits 2 tokenhouse …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		code = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
