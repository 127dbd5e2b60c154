package exchange_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

var update = flag.Bool("update", false, "rewrite what the golden files want")

// TestGolden plays the exchanges of testdata/*.txtar in the shop of testdata/shop.json: setup (commands
// that change the shop first), request, and what comes of it: decision, trace and fixes.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string][]byte{}
	for _, f := range archive.Files {
		sections[f.Name] = f.Data
	}
	s := shop(t)
	for command := range strings.Lines(string(sections["setup"])) {
		if err := s.Admin(strings.TrimSpace(command)); err != nil {
			t.Fatal(err)
		}
	}
	q := readPlay(t, sections["request.json"]).request(t, s)
	d := exchange.Decide(q)
	got := map[string]string{"want": decision(d), "trace": trace(d.Trace), "fixes": fixes(exchange.Fixes(q, d))}

	if *update {
		rewrite(t, file, archive, got)
		return
	}
	for name, text := range got {
		if diff := cmp.Diff(string(sections[name]), text); diff != "" {
			t.Errorf("%s differs (-update rewrites it):\n%s", name, diff)
		}
	}
}

// decision is a decision as people read it.
func decision(d exchange.Decision) string {
	if d.Refuse != nil {
		return fmt.Sprintf("%d %s: %s\nevent %s: %s\n", d.Refuse.Status, d.Refuse.Code, d.Refuse.Description, d.Refuse.Event, d.Refuse.Reason)
	}
	g := d.Grant
	var path []string
	for _, hop := range g.Path {
		path = append(path, hop.Client)
	}
	return fmt.Sprintf("granted %s\nscope %q\naud %v\nonly %v\npath %s\nnot after %v\n",
		g.Type, g.Resolution.ScopeClaim(), g.Resolution.Audiences, g.Resolution.Request.Audiences, strings.Join(path, " → "), g.NotAfter.UTC())
}

// trace is a trace as people read it.
func trace(t *explain.Trace) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range t.Steps {
		subject := s.Subject
		if subject == "" {
			subject = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Rule, s.Outcome, subject, s.Because())
	}
	w.Flush()
	return b.String()
}

func fixes(list []explain.Fix) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s\n", f.Sentence)
		for command := range strings.SplitSeq(f.Command, " && ") {
			if command != "" {
				fmt.Fprintf(&b, "  %s\n", command)
			}
		}
	}
	return b.String()
}

// rewrite writes the golden file anew, its sections in their order.
func rewrite(t *testing.T, file string, archive *txtar.Archive, got map[string]string) {
	var files []txtar.File
	for _, f := range archive.Files {
		if _, ok := got[f.Name]; !ok {
			files = append(files, f)
		}
	}
	for _, name := range []string{"want", "trace", "fixes"} {
		files = append(files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	archive.Files = files
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
