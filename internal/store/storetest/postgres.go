package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Required is the environment variable that turns the skipping of PostgreSQL tests into a failure.
const Required = "TEST_REQUIRE_POSTGRES"

// Postgres is the URL of a fresh database. Its cluster is shared by the tests of a binary, does not
// sync to disk, and ends with the binary. Without PostgreSQL on the machine the test is skipped, or
// fails where the environment requires it.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, fast)
}

// DurablePostgres is Postgres, in a cluster that syncs to disk as in production.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	return database(t, durable)
}

var (
	fast    = &cluster{options: []string{"-F"}}
	durable = &cluster{}
)

func database(t testing.TB, c *cluster) string {
	t.Helper()
	return databaseFrom(t, c, "template1")
}

// databaseFrom is the URL of a copy of a database of the cluster.
func databaseFrom(t testing.TB, c *cluster, template string) string {
	t.Helper()
	c.start.Do(func() { c.err = c.run() })
	if errors.Is(c.err, exec.ErrNotFound) && os.Getenv(Required) != "1" {
		t.Skipf("PostgreSQL is not installed (no initdb on the path or below /usr/lib/postgresql): not tested on it")
	}
	if c.err != nil {
		t.Fatalf("start a PostgreSQL cluster: %v", c.err)
	}
	url, err := c.create(t.Context(), template)
	if err != nil {
		t.Fatalf("make a PostgreSQL database: %v", err)
	}
	return url
}

// cluster is a PostgreSQL server with an empty data directory of its own.
type cluster struct {
	options []string

	start sync.Once
	err   error
	port  int
	life  io.Closer // while it is open the cluster runs

	mu   sync.Mutex
	made int
}

// supervise runs a command until its standard input ends, which it does when the test binary ends,
// however that comes; then it stops the command, by its process id, and removes the directory.
const supervise = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
read -r _
kill -INT $pid
wait $pid
rm -rf "$dir"`

func (c *cluster) run() error {
	initdb, err := binary("initdb")
	if err != nil {
		return err
	}
	postgres, err := binary("postgres")
	if err != nil {
		return err
	}
	as, err := account()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tokenhouse-postgres-")
	if err != nil {
		return err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(dir, "data")
	make := exec.Command(initdb, "-D", data, "-U", "tokenhouse", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	make.Dir = dir
	make.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := make.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	if c.port, err = freePort(); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	command := slices.Concat([]string{"-c", supervise, "sh", dir, postgres, "-D", data,
		"-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(c.port),
		"-c", "unix_socket_directories=", "-c", "max_connections=300"}, c.options)
	server := exec.Command("sh", command...)
	server.Dir = dir
	server.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	if c.life, err = server.StdinPipe(); err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return c.await(dir)
}

// await returns when the cluster answers.
func (c *cluster) await(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // to explain the error, where it is there
			return errors.Join(fmt.Errorf("it does not answer: %w: %s", err, log), c.life.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://tokenhouse@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

func (c *cluster) create(ctx context.Context, template string) (string, error) {
	c.mu.Lock()
	c.made++
	name := fmt.Sprintf("test%d", c.made)
	c.mu.Unlock()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
	return c.url(name), errors.Join(err, conn.Close(ctx))
}

// binary finds a program of PostgreSQL, also where Debian keeps it; of several versions the newest.
func binary(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // 0 where it is no number
	return n
}

// account is who runs the cluster: nil for ourselves, somebody else where we are root, who may not.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("root may not run PostgreSQL, and there is no user postgres or nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
