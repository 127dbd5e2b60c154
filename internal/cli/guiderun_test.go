package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// toolsRequired is the environment variable that turns the skipping of guides into a failure, where a program that they
// use is not installed.
const toolsRequired = "TEST_REQUIRE_TOOLS"

// programs are what readers have beside the binary. No page can run anything else, so that no test ever speaks to
// the cluster, the containers or the services of the machine that it is run on.
var programs = []string{"bash", "sh", "awk", "base64", "cat", "chmod", "cp", "curl", "cut", "date", "diff", "env", "grep", "head", "jq", "kill", "ln", "ls",
	"mkdir", "mktemp", "mv", "openssl", "rm", "sed", "seq", "sleep", "sort", "sqlite3", "tail", "tee", "touch", "tr", "wc"}

// postgresPrograms are what readers have who use PostgreSQL.
var postgresPrograms = []string{"pg_dump", "pg_restore", "psql"}

// reader follows pages in a directory of its own. Servers that pages start run until the reader leaves, or starts another.
type reader struct {
	*testing.T
	folder, aside string // where commands run, and where what the page does not know of is kept
	within        string // the folder of folder where a page's commands begin
	environ       []string
	addresses     []string // of the page, each with that of this reader
	life          *os.File // servers end when the other end of this is closed
}

// pageAddresses are those at which pages find servers, with the option that moves the server's port; a gatekeeper is told its
// own by the page.
var pageAddresses = []struct{ address, option string }{
	{"localhost:8080", "HTTP_PORT"}, {"localhost:8443", "HTTPS_PORT"}, {"localhost:9000", "HTTP_MANAGEMENT_PORT"}, {"localhost:3000", ""},
}

// stopped is how long servers may take to end.
const stopped = 30 * time.Second

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{T: t, folder: t.TempDir(), aside: t.TempDir()}
	bin := filepath.Join(r.aside, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	r.provide(programs)
	r.environ = []string{"HOME=" + r.aside, "PATH=" + bin, "ASIDE=" + r.aside, "TOKENHOUSE_HTTP_HOST=127.0.0.1", "TOKENHOUSE_HTTP_MANAGEMENT_HOST=127.0.0.1"}
	for i, port := range freePorts(t, len(pageAddresses)) {
		address, _, _ := strings.Cut(pageAddresses[i].address, ":")
		if option := pageAddresses[i].option; option != "" {
			r.environ = append(r.environ, "TOKENHOUSE_"+option+"="+port)
		}
		r.addresses = append(r.addresses, pageAddresses[i].address, address+":"+port)
	}
	r.install(bin)
	life, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.life = life
	t.Cleanup(func() { r.leave(hold) })
	return r
}

// leave ends the servers, which then let go of the folder.
func (r *reader) leave(hold *os.File) {
	if err := errors.Join(hold.Close(), r.life.Close()); err != nil {
		r.Error(err)
	}
	for deadline := time.Now().Add(stopped); ; time.Sleep(20 * time.Millisecond) {
		left, err := os.ReadDir(filepath.Join(r.aside, "servers"))
		if err != nil {
			r.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			r.Fatalf("%s does not end", left[0].Name())
		}
	}
}

// provide puts programs of the machine where the page finds them.
func (r *reader) provide(programs []string) {
	r.Helper()
	for _, name := range programs {
		at, err := exec.LookPath(name)
		if errors.Is(err, exec.ErrNotFound) && os.Getenv(toolsRequired) != "1" {
			r.Skipf("%s is not installed: these guides are not followed", name)
		}
		if err == nil {
			err = os.Symlink(at, filepath.Join(r.aside, "bin", name))
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}

// asTyped runs the binary, and a server as in another terminal.
const asTyped = `#!/bin/bash
case ${1-} in
start|start-dev|serve) exec terminal tokenhouse BINARY "$@" ;;
*) exec -a "$0" BINARY "$@" 3<&- ;;
esac
`

// terminal runs a server in the background, as in another terminal: its name, and its command. That is where the one before
// it of the name is stopped.
const terminal = `#!/bin/bash
server=$ASIDE/servers/$1 log=$ASIDE/log/$1
shift
if [ -e "$server" ]; then
  kill -TERM "$(cat "$server")"
  while [ -e "$server" ]; do sleep 0.05; done
fi
: >"$log"
(
  "$@" 3<&- &
  pid=$!
  echo $pid >"$server"
  { read -r end; kill -TERM $pid; } <&3 &
  wait $pid
  rm "$server"
  kill $!
) >>"$log" 2>&1 </dev/null &
until grep -Eq '(msg=|INFO )listening' "$log"; do
  kill -0 $! 2>&- || { cat "$log"; exit 1; }
  sleep 0.05
done
`

// install puts the binary where the page expects it, and has curl fail where it is answered with an error, so that a refusal
// which the page does not tell of is found.
func (r *reader) install(bin string) {
	binary, err := exec.LookPath("tokenhouse") // that of TestMain: the test binary itself
	if err != nil {
		r.Fatal(err)
	}
	for _, own := range []string{"servers", "log"} {
		if err := os.Mkdir(filepath.Join(r.aside, own), 0o700); err != nil {
			r.Fatal(err)
		}
	}
	script := []byte(strings.ReplaceAll(asTyped, "BINARY", "'"+binary+"'"))
	for at, text := range map[string][]byte{filepath.Join(bin, "tokenhouse"): script, filepath.Join(r.folder, "tokenhouse"): script,
		filepath.Join(bin, "terminal"):    []byte(terminal),
		filepath.Join(r.aside, ".curlrc"): []byte("fail-with-body\nno-progress-meter\n")} {
		if err := os.WriteFile(at, text, 0o700); err != nil {
			r.Fatal(err)
		}
	}
}

// pagePostgres is where pages find PostgreSQL, with a database of ours, and another that they make.
const pagePostgres = "tokenhouse@localhost/"

// database gives the reader a PostgreSQL.
func (r *reader) database() {
	at, err := url.Parse(storetest.Postgres(r))
	if err != nil {
		r.Fatal(err)
	}
	r.provide(postgresPrograms)
	another := strings.TrimPrefix(at.Path, "/") + "_restored" // a name that nobody else takes
	r.addresses = append(r.addresses, pagePostgres+"tokenhouse", "tokenhouse@"+at.Host+at.Path,
		pagePostgres+"restored", "tokenhouse@"+at.Host+"/"+another, "DATABASE restored", "DATABASE "+another)
}

// bring puts a file into the folder.
func (r *reader) bring(name string, text []byte) {
	if err := os.WriteFile(filepath.Join(r.folder, name), text, 0o600); err != nil {
		r.Fatal(err)
	}
}

// follow runs the steps of a page, each in the same shell, and gives the page with what was really printed where that is
// something else than it says.
func (r *reader) follow(name, page string, found []step) (after string) {
	out := r.TempDir()
	cmd := exec.CommandContext(r.Context(), "bash", "-euo", "pipefail", "-c", strings.NewReplacer(r.addresses...).Replace(shellScript(name, found)))
	cmd.Dir, cmd.ExtraFiles = filepath.Join(r.folder, r.within), []*os.File{r.life}
	cmd.Env = append(slices.Clone(r.environ), "OUT="+out)
	log, err := os.Create(filepath.Join(out, "log")) // a file, for the servers live on and have it open too
	if err != nil {
		r.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name()) // to explain the error
		r.Fatalf("%v\n%s\n%s", err, said, r.said())
	}
	back := slices.Clone(r.addresses)
	slices.Reverse(back)
	after = page
	for i := len(found) - 1; i >= 0; i-- {
		if s := found[i]; s.compared {
			text, err := os.ReadFile(filepath.Join(out, strconv.Itoa(i)))
			if err != nil {
				r.Fatal(err)
			}
			got := strings.TrimRight(strings.NewReplacer(back...).Replace(string(text)), "\n") + "\n"
			if prints(got, s.want) {
				continue
			}
			if !*update {
				r.Errorf("%s:%d says that this is printed (-), and it is (+); -update rewrites it\n%s%s", name, s.line, s.command, cmp.Diff(s.want, got))
			}
			after = after[:s.start] + uuids.ReplaceAllString(got, elided) + after[s.end:]
		}
	}
	return after
}

// said is what servers said, where there are any.
func (r *reader) said() string {
	var all strings.Builder
	logs, _ := filepath.Glob(filepath.Join(r.aside, "log", "*")) // the pattern is a good one
	for _, log := range logs {
		text, err := os.ReadFile(log)
		fmt.Fprintf(&all, "%s says:\n%s", filepath.Base(log), text)
		if err != nil {
			fmt.Fprintln(&all, err)
		}
	}
	return all.String()
}

// shellScript is a script of the steps. What counts is what a step prints, where the page says that, and else that it succeeds.
func shellScript(name string, found []step) string {
	var b strings.Builder
	b.WriteString("at=; trap 'code=$?; [ $code = 0 ] || echo \"$at: exit code $code\" >&2' EXIT\n")
	for i, s := range found {
		fmt.Fprintf(&b, "at=%s:%d\n", name, s.line)
		if s.compared {
			fmt.Fprintf(&b, "{\n%s} >\"$OUT/%d\" 2>&1 || :\n", s.command, i)
		} else {
			b.WriteString(s.command)
		}
	}
	return b.String()
}

// portsGiven counts them.
var portsGiven atomic.Int64

// freePorts are ports at which nobody listens. They are below those that connections are given, any of which could take
// one before the server does, and none comes twice.
func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for tries := 0; len(ports) < n; tries++ {
		port := strconv.FormatInt(20000+(int64(os.Getpid())*101+portsGiven.Add(1))%12000, 10)
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil && tries < 100 {
			continue
		}
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	return ports
}
