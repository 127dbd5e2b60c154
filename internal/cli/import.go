package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

func (p *program) importCommand() *cobra.Command {
	var existing string
	var asJSON, diff bool
	cmd := &cobra.Command{
		Use:   "import FILE|DIR",
		Short: "Import realms from Keycloak realm files, and report on them",
		Long: "Import realms from a Keycloak realm file, or from all those in a directory. Each realm comes in whole or not\n" +
			"at all: users go in some hundred at a time, unseen until all are there, and an import that breaks off is\n" +
			"removed at the next start, so that it can simply be run again.\n\n" +
			"The report says what is acted on, what is kept and not acted on, which settings are risky, which permissions of\n" +
			"Keycloak's first token exchange want other settings here, and where tokens will differ. Its commands are run\n" +
			"against the server, as tokenhouse admin or kcadm.sh.",
		Args: arguments("a realm file or a directory of realm files"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, ok := existingRealms[existing]
			if !ok {
				return usagef("flag --existing: %q is none of fail, skip, overwrite", existing)
			}
			if _, err := os.Stat(args[0]); err != nil {
				return err // before a database is made for nothing
			}
			if diff {
				return trouble(p.withDatabase(cmd, func(ctx context.Context, db opened) error {
					return p.printDifferences(ctx, args[0], databaseRealms{db.realms, manage.ExportOptions{}}, asJSON)
				}))
			}
			return p.withDatabaseAlone(cmd, func(ctx context.Context, db opened) error {
				watch := p.progress()
				report, err := server.Import(ctx, db.realms, args[0], manage.ImportOptions{Existing: o, Progress: watch.users})
				watch.end()
				if err != nil {
					return explainImport(args[0], err)
				}
				return printReport(p.out, report, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&existing, "existing", "fail", "what to do with a realm that exists: fail, skip or overwrite")
	cmd.Flags().BoolVar(&diff, "diff", false, "import nothing, and print what --existing=overwrite would change; exit code 1 where something would")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	addStoreFlags(cmd)
	complete(cmd, "existing", "fail", "skip", "overwrite")
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
