package server_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is a client of somebody else's making, or one on packages of others.
type program struct {
	name    string
	folder  string     // with what it needs
	needs   [][]string // commands that must work on the machine
	install [][]string // commands that bring its parts from where its language keeps them
	run     func(t *testing.T, dir string)
}

const clientFolder = "testdata/clients/"

// nodeAndNpm are Node 20 or later, which the example asks for and clients of others too, and its installer.
var nodeAndNpm = [][]string{{"node", "--eval", "process.exitCode = parseInt(process.versions.node) < 20 ? 1 : 0"}, {"npm", "--version"}}

// npm installs what package-lock.json says, and runs no scripts of packages.
var npm = []string{"npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"}

var programs = []program{
	{"npm", clientFolder + "npm", nodeAndNpm, [][]string{npm}, administrates("node", "administrate.js")},
	{"python", clientFolder + "python", [][]string{{"python3", "-c", "import ensurepip"}},
		[][]string{{"python3", "-m", "venv", "venv"}, {"venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"}},
		administrates("venv/bin/python", "administrate.py")},
	{"java", clientFolder + "java", [][]string{{"javac", "--version"}, {"mvn", "--version"}},
		[][]string{{"mvn", "--quiet", "--batch-mode", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath", "-Dmdep.outputFile=classpath"}},
		func(t *testing.T, dir string) {
			path, err := os.ReadFile(filepath.Join(dir, "classpath"))
			if err != nil {
				t.Fatal(err)
			}
			administrates("java", "-classpath", strings.TrimSpace(string(path)), "Administrate.java")(t, dir)
		}},
	{"oidc-client-ts", clientFolder + "oidc-client-ts", nodeAndNpm, [][]string{npm}, oidcClientTS},
	{"openid-client", clientFolder + "openid-client", nodeAndNpm, [][]string{npm}, openIDClient},
	{"spa", clientFolder + "spa", nodeAndNpm, [][]string{npm}, singlePage},
	{"shop", shopExample, nodeAndNpm, nil, shop},
}

// TestClients has clients that others made use a server, each with a server of its own.
func TestClients(t *testing.T) {
	if os.Getenv("TEST_CLIENTS") == "" {
		t.Skip(`installs programs of others: "make clients" runs it`)
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for _, command := range p.needs {
				if err := exec.CommandContext(t.Context(), command[0], command[1:]...).Run(); err != nil {
					t.Skipf("this machine cannot %q: %v", strings.Join(command, " "), err)
				}
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(p.folder)); err != nil {
				t.Fatal(err)
			}
			for _, command := range p.install {
				execute(t, dir, command...)
			}
			p.run(t, dir)
		})
	}
}

// administrates runs a command that is given the address of a new server, whose administrator is "admin" with
// the password "admin".
func administrates(command ...string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		_, base := start(t, databases[0].open(t), nil)
		t.Log(execute(t, dir, append(command, base)...))
	}
}

// execute runs a command in a directory, and gives what it printed. A command that does not end well ends the
// test.
func execute(t *testing.T, dir string, command ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	name := command[0]
	if strings.Contains(name, "/") {
		name = filepath.Join(dir, name)
	}
	c := exec.CommandContext(ctx, name, command[1:]...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command[0], err, out)
	}
	return strings.TrimSpace(string(out))
}
