package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

func (p *program) importCommand() *cobra.Command {
	var existing string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE|DIR",
		Short: "Import realms from Keycloak realm files",
		Long: "Import realms from a Keycloak realm file, or from all those in a directory. Each realm comes in whole or not\n" +
			"at all. What the file asks for that is kept and not acted on is listed.",
		Args: arguments("a realm file or a directory of realm files"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, ok := existingRealms[existing]
			if !ok {
				return usagef("flag --existing: %q is none of fail, skip, overwrite", existing)
			}
			if _, err := os.Stat(args[0]); err != nil {
				return err // before a database is made for nothing
			}
			return p.withDatabaseAlone(cmd, func(ctx context.Context, db opened) error {
				report, err := server.Import(ctx, db.realms, args[0], manage.ImportOptions{Existing: o})
				if err != nil {
					return explainImport(args[0], err)
				}
				return printReport(p.out, report, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&existing, "existing", "fail", "what to do with a realm that exists: fail, skip or overwrite")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	addStoreFlags(cmd)
	return cmd
}

var existingRealms = map[string]manage.Existing{"fail": manage.Fail, "skip": manage.Skip, "overwrite": manage.Overwrite}

// explainImport says in the caller's terms why nothing was imported.
func explainImport(path string, err error) error {
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
		return fmt.Errorf("%s: %w; nothing was imported of this realm", path, invalid)
	}
	if errors.Is(err, fault.ErrConflict) {
		return fmt.Errorf("%s: %w; say --existing=skip or --existing=overwrite", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// importedRealm is a realm of the report as --json prints it.
type importedRealm struct {
	Realm   string          `json:"realm"`
	Outcome string          `json:"outcome"`
	Clients int             `json:"clients"`
	Users   int             `json:"users"`
	Kept    []keycloak.Note `json:"kept"`
}

func printReport(w io.Writer, report manage.Report, asJSON bool) error {
	if asJSON {
		out := []importedRealm{}
		for _, r := range report.Realms {
			out = append(out, importedRealm{r.Realm, r.Outcome, r.Clients, r.Users, r.Notes})
		}
		return printJSON(w, out)
	}
	for _, r := range report.Realms {
		fmt.Fprintf(w, "realm %s: %s", r.Realm, r.Outcome)
		if r.Outcome != "skipped" {
			fmt.Fprintf(w, ", %s, %s", count(r.Clients, "client"), count(r.Users, "user"))
		}
		fmt.Fprintln(w)
		if len(r.Notes) == 0 {
			continue
		}
		fmt.Fprintln(w, "kept, not acted on:")
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, n := range r.Notes {
			fmt.Fprintf(table, "  %s\t%s\n", n.Path, n.Text)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

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
