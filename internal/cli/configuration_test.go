package cli

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of docs/configuration.md and what guides say that commands print")

// TestOptionsAreDocumented keeps the table of docs/configuration.md in step with the options.
func TestOptionsAreDocumented(t *testing.T) {
	const page, begin, end = "../../docs/configuration.md", "<!-- options: begin -->\n", "<!-- options: end -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	table, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the options", page)
	}
	if want := optionTable(); table != want {
		if !*update {
			t.Fatalf("%s is behind; go test ./internal/cli -run %s -update writes it:\n%s", page, t.Name(), want)
		}
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func optionTable() string {
	var b strings.Builder
	b.WriteString("| option | also | default | what it is |\n|---|---|---|---|\n")
	for _, o := range options {
		row := []string{"`--" + o.name + "`", "", "", o.help}
		if o.keycloak {
			row[1] = "`" + keycloakPrefix + variable(o.name) + "`"
		}
		if o.fallback != "" {
			row[2] = "`" + o.fallback + "`"
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}
