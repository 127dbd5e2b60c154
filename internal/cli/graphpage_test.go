package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/examples"
)

// uuids are ids that are made up for what has none in the file.
var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// TestGraphPage runs the commands of docs/graph.md, in a directory with the shop and the policy of the page.
func TestGraphPage(t *testing.T) {
	page, err := filepath.Abs("../../docs/graph.md")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	policy := regexp.MustCompile("(?s)```\n(forbid:\n.*?)```").FindSubmatch(before)
	if policy == nil {
		t.Fatal("the page has no policy")
	}
	for name, text := range map[string][]byte{"shop.json": examples.Shop, "policy.yaml": policy[1]} {
		if err := os.WriteFile(filepath.Join(home, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(home)
	blocks := regexp.MustCompile("(?s)```\n\\$ tokenhouse (.*?)\n(.*?)```")
	ran := 0
	after := blocks.ReplaceAllFunc(before, func(block []byte) []byte {
		ran++
		command := string(blocks.FindSubmatch(block)[1])
		var out, stderr bytes.Buffer
		p := &program{in: strings.NewReader(""), out: &out, err: &stderr, environ: []string{"HOME=" + home}}
		if exit := p.run(t.Context(), strings.Fields(command)); exit == exitUsage || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d: %s", command, exit, &stderr)
		}
		return []byte("```\n$ tokenhouse " + command + "\n" + uuids.ReplaceAllString(out.String(), "…") + "```")
	})
	if ran < 4 {
		t.Errorf("the page has %d commands", ran)
	}
	if *update {
		if err := os.WriteFile(page, after, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("docs/graph.md says something else (-update rewrites it):\n%s", diff)
	}
}
