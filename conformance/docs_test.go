package conformance

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocs: the guide lists each case.
func TestDocs(t *testing.T) {
	const guide = "../docs/try-a-server.md"
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| case | | what holds | demanded by |\n|---|---|---|---|\n")
	for _, c := range Cases() {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", c.Name, c.Demand, c.Says, c.Source)
	}
	if !strings.HasSuffix(string(text), want.String()) {
		t.Errorf("%s should end with\n%s", guide, &want)
	}
}
