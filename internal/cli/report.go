package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// importedRealm is a realm of the report as --json prints it.
type importedRealm struct {
	Realm       string          `json:"realm"`
	Outcome     string          `json:"outcome"`
	Clients     int             `json:"clients"`
	Users       int             `json:"users"`
	Holds       map[string]int  `json:"holds"`
	Kept        []keycloak.Note `json:"kept"`
	Risks       []finding       `json:"risks"`
	Permissions []finding       `json:"permissions"`
	Differences []finding       `json:"differences"`
}

// finding is a realmfile.Finding as --json prints it.
type finding struct {
	Name     string   `json:"name"`
	Text     string   `json:"text"`
	Clients  []string `json:"clients"`
	Commands []string `json:"commands"`
}

func findings(all []realmfile.Finding) []finding {
	out := []finding{}
	for _, f := range all {
		out = append(out, finding{f.Name, f.Text, append([]string{}, f.Clients...), append([]string{}, f.Commands...)})
	}
	return out
}

func printReport(w io.Writer, report manage.Report, asJSON bool) error {
	if asJSON {
		out := []importedRealm{}
		for _, r := range report.Realms {
			holds := map[string]int{}
			for _, h := range r.Review.Holds {
				holds[h.Noun] = h.N
			}
			out = append(out, importedRealm{r.Realm, r.Outcome, r.Clients, r.Users, holds, append([]keycloak.Note{}, r.Notes...),
				findings(r.Review.Risks), findings(r.Review.Permissions), findings(r.Review.Differences)})
		}
		return printJSON(w, out)
	}
	for _, r := range report.Realms {
		if err := printImported(w, r); err != nil {
			return err
		}
	}
	return nil
}

// printImported prints what became of a realm, and what to know of it.
func printImported(w io.Writer, r manage.Imported) error {
	fmt.Fprintf(w, "realm %s: %s", r.Realm, r.Outcome)
	if r.Outcome == manage.Skipped {
		fmt.Fprintln(w)
		return nil
	}
	fmt.Fprintf(w, ", %s, %s\n", count(r.Clients, "client"), count(r.Users, "user"))
	if holds := held(r.Review.Holds); holds != "" {
		fmt.Fprintf(w, "acted on: %s\n", holds)
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(w, "kept, not acted on:")
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, n := range r.Notes {
			fmt.Fprintf(table, "  %s\t%s\n", n.Path, n.Text)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	printFindings(w, "risky:", r.Review.Risks)
	printFindings(w, "permissions of Keycloak's first token exchange, which want settings here:", r.Review.Permissions)
	printFindings(w, "tokens that will differ from Keycloak's:", r.Review.Differences)
	return nil
}

// held lists what there is some of.
func held(counts []realmfile.Count) string {
	var out []string
	for _, h := range counts {
		if h.N > 0 {
			out = append(out, fmt.Sprintf("%d %s", h.N, h.Noun))
		}
	}
	return strings.Join(out, ", ")
}

// mostNames is how many clients a finding names.
const mostNames = 8

func printFindings(w io.Writer, title string, all []realmfile.Finding) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, title)
	for _, f := range all {
		fmt.Fprintf(w, "  %s: %s\n", f.Name, f.Text)
		if len(f.Clients) > 0 {
			named := strings.Join(f.Clients[:min(mostNames, len(f.Clients))], ", ")
			if more := len(f.Clients) - mostNames; more > 0 {
				named += fmt.Sprintf(" and %d more", more)
			}
			fmt.Fprintf(w, "    clients: %s\n", named)
		}
		for _, command := range f.Commands {
			for line := range strings.SplitSeq(command, "\n") {
				fmt.Fprintf(w, "      %s\n", line)
			}
		}
	}
}

// count is a number of things, in words.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
