package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokenhouse/tokenhouse/examples"
	"github.com/tokenhouse/tokenhouse/internal/webtest"
)

func TestMain(m *testing.M) {
	command := func() { os.Exit(Main(os.Args[1:], "v0.0.0-test")) }
	testscript.Main(webtest.Main{Tests: m}, map[string]func(){"tokenhouse": command, kcadmName: command})
}

// TestScripts runs the command as people do: testdata/script/*.txtar. The shop of the examples is
// there as shop.json, a key store with its certificate as java.p12 and certificate.pem, and nobody listens at $PORT.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "fetch": fetch, "token": askToken},
		Setup: func(e *testscript.Env) error {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			_, port, _ := net.SplitHostPort(free.Addr().String())
			e.Setenv("PORT", port)
			if err := free.Close(); err != nil {
				return err
			}
			for _, name := range []string{"java.p12", "certificate.pem"} {
				text, err := os.ReadFile("../kcadm/keystore/testdata/" + name)
				if err != nil {
					return err
				}
				if err := os.WriteFile(e.WorkDir+"/"+name, text, 0o600); err != nil {
					return err
				}
			}
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

// fetch waits until a server answers at an address, and wants a text in the answer: fetch URL TEXT
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch URL TEXT")
	}
	var last error
	for range 300 {
		var body []byte
		if body, last = download(args[0]); last == nil {
			if !strings.Contains(string(body), args[1]) {
				ts.Fatalf("%s answers %s", args[0], body)
			}
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("nobody answers: %v", last)
}

// askToken asks a token endpoint, and puts the access token into a variable, or the error where it is refused: token NAME
// URL PARAMETER=VALUE…
func askToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: token NAME URL PARAMETER=VALUE…")
	}
	form := url.Values{}
	for _, p := range args[2:] {
		name, value, _ := strings.Cut(p, "=")
		form.Add(name, value)
	}
	resp, err := http.PostForm(args[1], form)
	ts.Check(err)
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	ts.Check(json.NewDecoder(resp.Body).Decode(&answer))
	ts.Setenv(args[0], cmp.Or(answer.Token, answer.Error))
}

func download(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
