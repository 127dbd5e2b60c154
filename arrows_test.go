package tokenhouse_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tokenhouse/tokenhouse/"

// arrow forbids packages to import others. Names are prefixes of import paths, those of this module
// without it.
type arrow struct {
	from      string
	forbidden []string
	deep      bool // imports of imports count too
	why       string
}

// arrows point inward: cmd → cli → server → {web, store, upstream} → flow → core.
var arrows = []arrow{
	{from: "internal/core/", forbidden: []string{"net/http", "database/sql"}, deep: true,
		why: "decisions are pure: what they need comes as a value, what they decide is returned"},
	{from: "internal/core/", forbidden: []string{"os", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand"},
		why: "core takes time, chance and files as arguments and leaves the log to who calls it"},
	{from: "internal/core/", forbidden: []string{"internal/flow/", "internal/keycloak", "internal/store", "internal/upstream", "internal/web/", "internal/server", "internal/cli"},
		why: "the heart knows nobody: formats, storage and transport are translated into its types"},
	{from: "internal/flow/", forbidden: []string{"net/http", "database/sql"},
		why: "a flow speaks of people and tokens, not of requests and rows"},
	{from: "internal/flow/", forbidden: []string{"internal/store", "internal/upstream", "internal/web/", "internal/server", "internal/cli"},
		why: "a flow declares the few methods it needs as an interface; server satisfies it"},
	{from: "internal/keycloak", forbidden: []string{"net/http", "database/sql", "internal/flow/", "internal/store", "internal/upstream", "internal/web/", "internal/server", "internal/cli"},
		why: "it is a format: bytes in, core types out"},
	{from: "internal/store", forbidden: []string{"net/http", "internal/flow/", "internal/keycloak", "internal/upstream", "internal/web/", "internal/server", "internal/cli"},
		why: "the store keeps core types and knows neither what they are for nor how they came"},
	{from: "internal/upstream", forbidden: []string{"internal/flow/", "internal/store", "internal/web/", "internal/server", "internal/cli"},
		why: "it fetches; what is fetched is judged by who asked for it"},
	{from: "internal/web/", forbidden: []string{"database/sql", "internal/store", "internal/upstream", "internal/server", "internal/cli"},
		why: "a handler decodes, calls one flow and encodes"},
	{from: "internal/web/admin/rest", forbidden: []string{"internal/flow/manage", "internal/flow/people", "internal/flow/rehearse"},
		why: "the frame of the administration API knows no noun: each brings its routes"},
	{from: "internal/web/admin/", forbidden: []string{"internal/web/oidc", "internal/flow/grant"},
		why: "administrators change what there is; tokens are issued elsewhere"},
	{from: "internal/kcadm", forbidden: []string{"internal/server", "internal/store", "internal/flow/", "internal/web/", "internal/cli"},
		why: "it is a client like any other, and speaks to a server of whatever make by HTTP"},
	{from: "internal/cli/admin", forbidden: []string{"internal/server", "internal/store", "internal/flow/", "internal/web/"},
		why: "its commands work on any server, by HTTP"},
	{from: "internal/kcadm", forbidden: []string{"internal/core/", "internal/flow/", "internal/keycloak", "internal/store", "internal/upstream", "internal/web/", "internal/server", "internal/cli"},
		why: "it is a client: a server is what its API says, whoever wrote it"},
	{from: "internal/cli/admin", forbidden: []string{"internal/flow/", "internal/store", "internal/web/", "internal/server"},
		why: "it is kcadm, which works with any server"},
	{from: "bearer", forbidden: []string{"internal/"}, deep: true,
		why: "it is for anybody's services, and judges tokens of whatever issuer"},
	{from: "brokerclient", forbidden: []string{"internal/"}, deep: true,
		why: "it is for anybody's programs, and speaks to a server of whatever make"},
	{from: "internal/proxy", forbidden: []string{"internal/flow/", "internal/keycloak", "internal/kcadm", "internal/store", "internal/upstream", "internal/web/oidc", "internal/web/admin/", "internal/web/pages",
		"internal/web/account", "internal/web/caller", "internal/server", "internal/cli", "internal/core/realm", "internal/core/exchange", "internal/core/audience", "internal/core/token", "internal/core/mint", "database/sql"},
		why: "a gatekeeper works with any issuer, and has no policy of its own: tokens are proven by bearer and exchanged by brokerclient"},
	{from: "conformance", forbidden: []string{"internal/"},
		why: "it judges servers of whatever make, and may know none"},
	{from: "internal/server", forbidden: []string{"internal/cli", "github.com/spf13/cobra"},
		why: "the server is started by a command line, it does not have one"},
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		for _, a := range arrows {
			path := strings.TrimPrefix(p.ImportPath, module)
			if !strings.HasPrefix(path+"/", a.from) && !strings.HasPrefix(path, a.from) {
				continue
			}
			imports := p.Imports
			if a.deep {
				imports = p.Deps
			}
			for _, i := range imports {
				if strings.HasPrefix(i, "internal/") {
					continue // the standard library's own, not ours
				}
				if hits(strings.TrimPrefix(i, module), a.forbidden) {
					t.Errorf("%s imports %s\n\t%s", path, i, a.why)
				}
			}
		}
	}
}

// TestPublicPackagesNeedLittle: who imports them gets this much code of others, and their tests show how they are used from
// outside.
func TestPublicPackagesNeedLittle(t *testing.T) {
	found := 0
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		if path != "brokerclient" && path != "bearer" && path != "bearer/bearertest" {
			continue
		}
		found++
		for _, i := range p.Deps {
			domain, _, _ := strings.Cut(i, "/")
			if strings.Contains(domain, ".") && !hits(i, []string{module + "bearer", "github.com/go-jose/go-jose/v4"}) {
				t.Errorf("%s needs %s", path, i)
			}
		}
		for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
			if strings.HasPrefix(i, module+"internal/") {
				t.Errorf("tests of %s import %s, which nobody outside can", path, i)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d public packages", found)
	}
}

// hits tells whether an import is a forbidden package or below one.
func hits(path string, forbidden []string) bool {
	return slices.ContainsFunc(forbidden, func(f string) bool {
		return path == f || strings.HasPrefix(path, strings.TrimSuffix(f, "/")+"/")
	})
}

func TestArrowsHitWhatIsForbidden(t *testing.T) {
	forbidden := []string{"net/http", "internal/flow/", "log"}
	for path, want := range map[string]bool{
		"net/http": true, "net/http/httptest": true, "internal/flow/grant": true, "log/slog": true,
		"net": false, "net/httpx": false, "internal/flowers": false, "logs": false,
	} {
		if hits(path, forbidden) != want {
			t.Errorf("%s: want %v", path, want)
		}
	}
}

type listed struct {
	ImportPath                               string
	Imports, Deps, TestImports, XTestImports []string
}

// packages are all packages of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	// go test keeps the result until a file that this process looked at changes.
	if err := filepath.WalkDir("internal", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

// TestCoreDoesNotReadTheClock: an import says too little, since core needs time.Time.
func TestCoreDoesNotReadTheClock(t *testing.T) {
	files := 0
	err := filepath.WalkDir("internal/core", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, at := range clocks(set, file) {
			t.Errorf("%s reads the clock: take the time as an argument", at)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files read: %v", files, err)
	}
}

// clocks are the places where a file reads the clock.
func clocks(set *token.FileSet, file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		from, ok := s.X.(*ast.Ident)
		if ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "Sleep"}, s.Sel.Name) {
			out = append(out, fmt.Sprintf("%s: time.%s", set.Position(n.Pos()), s.Sel.Name))
		}
		return true
	})
	return out
}
