package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// exampleFolders is where the examples are, each in a folder with a README, where its commands begin.
const exampleFolders = "examples/"

// exampleServers are where pages find the programs of examples that do not end, beside pageAddresses.
var exampleServers = []string{"localhost:8081", "localhost:8082", "localhost:8083"}

// goAsTyped runs what "go run" names: the binary, a server of an example as in another terminal, or a program of one.
const goAsTyped = `#!/bin/bash
[ "$1" = run ] || { echo "go $1 is nothing that these pages do" >&2; exit 1; }
case $2 in
../../cmd/tokenhouse) shift 2; exec tokenhouse "$@" ;;
.) program=$ASIDE/programs/${PWD##*/}; shift 2; exec "$program" "$@" 3<&- ;;
esac
name=${2#./}
shift 2
export ISSUER=http://localhost:8080/realms/shop ORDERS_URL=http://localhost:8082 BILLING_URL=http://localhost:8083
case $name in
gateway) export LISTEN=localhost:8081 ;;
orders) export LISTEN=localhost:8082 ;;
billing) export LISTEN=localhost:8083 ;;
web) export LISTEN=localhost:3000 ;;
esac
exec terminal "$name" "$ASIDE/programs/$name" "$@"
`

// enter goes to where the commands of a page begin: for an example, its folder in what a clone has of examples.
func (r *reader) enter(page string) {
	r.Helper()
	if r.within = ""; !strings.HasPrefix(page, exampleFolders) {
		return
	}
	r.within = filepath.Dir(page)
	for i, port := range freePorts(r.T, len(exampleServers)) {
		r.addresses = append(r.addresses, exampleServers[i], "localhost:"+port)
	}
	here := strings.NewReplacer(r.addresses...)
	if err := os.WriteFile(filepath.Join(r.aside, "bin", "go"), []byte(here.Replace(goAsTyped)), 0o700); err != nil {
		r.Fatal(err)
	}
	r.clone(here)
	r.build()
}

// clone brings the files of examples, but for what was installed there, with addresses as they are here.
func (r *reader) clone(here *strings.Replacer) {
	r.Helper()
	from := "../../" + exampleFolders
	err := filepath.WalkDir(from, func(at string, file fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(r.folder, exampleFolders, strings.TrimPrefix(at, from))
		switch {
		case file.IsDir() && slices.Contains([]string{"node_modules", "data"}, file.Name()):
			return fs.SkipDir
		case file.IsDir():
			return os.MkdirAll(to, 0o700)
		}
		text, err := os.ReadFile(at)
		return errors.Join(err, os.WriteFile(to, []byte(here.Replace(string(text))), 0o600))
	})
	if err != nil {
		r.Fatal(err)
	}
}

// build makes the programs of the example, where it has any.
func (r *reader) build() {
	r.Helper()
	sources, err := filepath.Glob("../../" + r.within + "/*.go")
	if err != nil {
		r.Fatal(err)
	}
	if len(sources) == 0 {
		return
	}
	cmd := exec.CommandContext(r.Context(), "go", "build", "-o", filepath.Join(r.aside, "programs")+"/", "./"+r.within+"/...")
	cmd.Dir = "../.."
	if said, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("%v\n%s", err, said)
	}
}
