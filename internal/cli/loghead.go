package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
)

func (p *program) logHead() *cobra.Command {
	var in realmPlace
	cmd := &cobra.Command{
		Use:   "head",
		Short: "Print the signed heads of the decision log, to be kept elsewhere",
		Long: "Print the signed heads of a realm's chains, one JSON object a line. Whoever keeps them where administrators of the database\n" +
			"cannot write can prove later that nothing was cut off: tokenhouse log verify --heads FILE.",
		Example: "  tokenhouse log head -r shop >> heads.jsonl",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.readLog(cmd, &in, "log/heads", core.Selection{}, p.out, func(ctx context.Context, db opened, realmKey string) error {
				heads, err := db.store.LogHeads(ctx, realmKey)
				for _, line := range heads {
					fmt.Fprintf(p.out, "%s\n", line)
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	in.addRealm(cmd)
	in.addSource(cmd)
	return cmd
}
