package cli

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
)

// verification is what tokenhouse log verify is asked.
type verification struct {
	realm, heads, key string
	asJSON            bool
}

func (p *program) logVerify() *cobra.Command {
	q := &verification{}
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Find records of the decision log that were altered, removed, moved or inserted",
		Long: "Find records that were altered, removed, moved or inserted, at the end too: in the database, or in a file that tokenhouse log\n" +
			"export wrote. With --heads, also what was cut off together with its signed head: the file holds heads that were kept elsewhere.\n\n" +
			"A file needs no database where --key gives the public key of the server's log; without both, its last line's own is believed.\n" +
			"The exit code is 1 where something was changed.",
		Example: "  tokenhouse log verify --heads heads.jsonl\n" +
			"  tokenhouse log verify decisions.jsonl --key dWqvVJLVpXaRvDLBkm2kNVGGy7dyKXTQ0vHqAcsMFQA",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && q.realm != "" {
				return usagef("flag --realm is for the database: a file holds what it holds")
			}
			if len(args) == 1 {
				return p.verifyFile(cmd, q, args[0])
			}
			if q.key != "" {
				return usagef("flag --key is for files: the database's is known")
			}
			return p.verifyDatabase(cmd, q)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&q.realm, "realm", "r", "", "realm (default all of the database)")
	f.StringVar(&q.heads, "heads", "", "file with heads that were kept elsewhere, as tokenhouse log head prints them")
	f.StringVar(&q.key, "key", "", "public key that must have signed the file")
	f.BoolVar(&q.asJSON, "json", false, "print JSON")
	addStoreFlags(cmd)
	return cmd
}

func (p *program) verifyDatabase(cmd *cobra.Command, q *verification) error {
	return p.withDatabase(cmd, func(ctx context.Context, db opened) (err error) {
		realm := ""
		if q.realm != "" {
			if realm, err = realmKey(ctx, db, q.realm); err != nil {
				return err
			}
		}
		key := db.store.LogKey().Public().(ed25519.PublicKey)
		witnesses, err := readHeads(q.heads, key)
		if err != nil {
			return err
		}
		report, err := ledger.VerifyStore(ctx, db.store, realm, key, witnesses, time.Now())
		if err != nil {
			return err
		}
		return p.printVerified(q, verified{report, core.KeyText(key), true})
	})
}

func (p *program) verifyFile(cmd *cobra.Command, q *verification, path string) (err error) {
	if _, err := resolve(cmd.Flags(), p.environ); err != nil {
		return err
	}
	var key ed25519.PublicKey
	if q.key != "" {
		if key, err = core.ParseKey(q.key); err != nil {
			return usagef("flag --key: %v", err)
		}
	}
	witnesses, err := readHeads(q.heads, key)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	report, by, err := ledger.VerifyFile(file, key, witnesses)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return p.printVerified(q, verified{report, by, len(key) > 0})
}

func readHeads(path string, key ed25519.PublicKey) (_ []core.Statement, err error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out, err := ledger.ReadWitnesses(bufio.NewReader(file), key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}
