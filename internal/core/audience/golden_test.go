package audience_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

var update = flag.Bool("update", false, "rewrite what the golden files want")

const base = "https://id.example"

// TestGolden resolves the requests of testdata/*.txtar: a realm file, who asks for what in it, and what comes of
// it: want, trace and fixes for the audiences that are wanted and not there.
func TestGolden(t *testing.T) {
	for name, g := range goldens(t) {
		t.Run(name, func(t *testing.T) { g.check(t) })
	}
}

// TestGoldenFixes does what each fix of the golden files says, and sees the audience appear.
func TestGoldenFixes(t *testing.T) {
	for name, g := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			for _, want := range g.play.Want {
				for _, fix := range audience.Fixes(g.request(t, g.realm(t)), want) {
					f := g.realm(t)
					if err := f.Admin(fix.Command); fix.Command != "" && err != nil {
						t.Errorf("%v", err)
						continue
					}
					q := g.request(t, f)
					ask(&q, fix, want)
					if r := audience.Resolve(q); !contains(r.Audiences, want) {
						t.Errorf("%s: %s is not there: %v", fix.Sentence, want, r.Audiences)
					}
				}
			}
		})
	}
}

// ask changes the request as a fix says whose sentence ends with a parameter in parentheses.
func ask(q *audience.Request, fix explain.Fix, want string) {
	_, parameters, _ := strings.Cut(fix.Sentence, "(scope=")
	if scope, _, ok := strings.Cut(parameters, ")"); ok {
		q.Scope = scope
	}
	if strings.Contains(fix.Sentence, "(audience="+want+")") {
		q.Audiences = append(q.Audiences, want)
	}
}

func contains(list []string, name string) bool {
	for _, s := range list {
		if s == name {
			return true
		}
	}
	return false
}

// golden is a file of testdata.
type golden struct {
	file     string
	archive  *txtar.Archive
	sections map[string]string
	play     play
}

// play is who asks for what.
type play struct {
	Client     string
	User       string // "": nobody
	Scope      string
	Audiences  []string
	Resource   *string // of enabled clients, in place of Audiences
	Permitted  []string
	KeepScopes bool
	Use        string   // "access" where empty
	Want       []string // audiences to find fixes for
}

var uses = map[string]mapper.Use{
	"": mapper.Access, "lightweight": mapper.Lightweight, "id": mapper.ID, "introspection": mapper.Introspection, "userinfo": mapper.UserInfo,
}

func goldens(t *testing.T) map[string]*golden {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	out := map[string]*golden{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g := &golden{file: file, archive: archive, sections: map[string]string{}}
		for _, f := range archive.Files {
			g.sections[f.Name] = string(f.Data)
		}
		if err := json.Unmarshal([]byte(g.sections["request.json"]), &g.play); err != nil {
			t.Fatalf("%s: request.json: %v", file, err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".txtar")] = g
	}
	return out
}

func (g *golden) realm(t *testing.T) *realmtest.Fixture {
	t.Helper()
	f, err := realmtest.Read(g.sections["realm.json"])
	if err != nil {
		t.Fatalf("realm.json: %v", err)
	}
	return f
}

func (g *golden) request(t *testing.T, f *realmtest.Fixture) audience.Request {
	t.Helper()
	use, ok := uses[g.play.Use]
	if !ok {
		t.Fatalf("unknown use %q", g.play.Use)
	}
	q := audience.Request{
		Realm: f.Realm, Issuer: f.Realm.Issuer(base), Client: f.Realm.Client(g.play.Client),
		Session: &session.Session{ID: "s", Notes: map[string]string{"tenant": "east"}},
		Scope:   g.play.Scope, Audiences: g.play.Audiences, Permitted: g.play.Permitted, KeepScopes: g.play.KeepScopes,
		Use: use, Explain: true,
	}
	if g.play.User != "" {
		q.User = f.User(t, g.play.User)
	}
	return q
}

func (g *golden) check(t *testing.T) {
	q := g.request(t, g.realm(t))
	trace := &explain.Trace{}
	_, targets, err := audience.ForResource(q.Realm, g.play.Resource, trace)
	if err != nil {
		t.Fatal(err)
	}
	if targets != nil {
		q.Audiences = targets
	}
	r := audience.Resolve(q)
	trace.Join(r.Trace)
	var fixes strings.Builder
	for _, want := range g.play.Want {
		trace.Join(r.Why(want))
		fmt.Fprintf(&fixes, "%s:\n", want)
		writeFixes(&fixes, audience.Fixes(q, want))
	}
	got := map[string]string{"want.json": resolution(t, &r), "trace": traceText(trace)}
	if fixes.Len() > 0 {
		got["fixes"] = fixes.String()
	}
	if *update {
		g.rewrite(t, got)
		return
	}
	for name, text := range got {
		if diff := cmp.Diff(g.sections[name], text); diff != "" {
			t.Errorf("%s differs (-update rewrites it; -want +got):\n%s", name, diff)
		}
	}
}

// resolution is a resolution as people read it.
func resolution(t *testing.T, r *audience.Resolution) string {
	var roles []string
	for _, role := range r.Roles {
		roles = append(roles, role.String())
	}
	out, err := json.MarshalIndent(struct {
		Scope     string   `json:"scope"`
		Refresh   string   `json:"refreshScope"`
		Roles     []string `json:"roles"`
		Audiences []string `json:"audiences"`
		Missing   []string `json:"missing,omitempty"`
	}{r.ScopeClaim(), r.RefreshScope(), roles, r.Audiences, r.Missing}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

// traceText is a trace as people read it.
func traceText(trace *explain.Trace) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range trace.Steps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Rule, s.Outcome, s.Subject, s.Because())
	}
	w.Flush()
	return b.String()
}

func writeFixes(b *strings.Builder, fixes []explain.Fix) {
	for _, fix := range fixes {
		fmt.Fprintf(b, "- %s\n", fix.Sentence)
		for command := range strings.SplitSeq(fix.Command, " && ") {
			if command != "" {
				fmt.Fprintf(b, "    %s\n", command)
			}
		}
	}
}

// rewrite writes the file anew, its sections in their order.
func (g *golden) rewrite(t *testing.T, got map[string]string) {
	var files []txtar.File
	for _, f := range g.archive.Files {
		if f.Name == "realm.json" || f.Name == "request.json" {
			files = append(files, f)
		}
	}
	for _, name := range []string{"want.json", "trace", "fixes"} {
		if text, ok := got[name]; ok {
			files = append(files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	g.archive.Files = files
	if err := os.WriteFile(g.file, txtar.Format(g.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
