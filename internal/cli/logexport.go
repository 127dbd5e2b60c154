package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
)

func (p *program) logExport() *cobra.Command {
	var in realmPlace
	var of span
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the decisions of a time span, one JSON object a line",
		Long: "Print the decisions of a time span, one JSON object a line, of the database or with --server of a server that runs. The last\n" +
			"line is signed and says what the export holds: tokenhouse log verify FILE finds whatever was changed since.",
		Example: "  tokenhouse log export -r shop --since 24h > decisions.jsonl",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			since, until, err := of.read(time.Now())
			if err != nil {
				return err
			}
			return p.exportLog(cmd, &in, core.Selection{Since: since, Until: until}, p.out)
		},
	}
	cmd.Flags().SortFlags = false
	in.addRealm(cmd)
	of.addFlags(cmd)
	in.addSource(cmd)
	return cmd
}

// exportLog writes an export of the database, or of a server.
func (p *program) exportLog(cmd *cobra.Command, in *realmPlace, q core.Selection, w io.Writer) error {
	return p.readLog(cmd, in, "log", q, w, func(ctx context.Context, db opened, realmKey string) error {
		q.Realm = realmKey
		return ledger.Export(ctx, db.store, q, db.store.LogKey(), time.Now(), w)
	})
}
