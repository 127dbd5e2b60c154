package cli

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
)

func (p *program) logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Export and verify the decision log",
		Long: "Export and verify the decision log, which holds what the token endpoint decided, on what and why. Realms whose attribute\n" +
			"tokenhouse.log is on, or durable, have one.",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.logExport(), p.logVerify(), p.logHead())
	return cmd
}

// span is a time span on the command line.
type span struct{ since, until string }

func (s *span) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.since, "since", "", "decisions from then on: a time as 2026-03-01T12:00:00Z, or how long ago, as 24h")
	cmd.Flags().StringVar(&s.until, "until", "", "decisions before then")
}

func (s *span) read(now time.Time) (since, until time.Time, err error) {
	if since, err = when("since", s.since, now); err != nil {
		return since, until, err
	}
	until, err = when("until", s.until, now)
	return since, until, err
}

// when reads a time, or how long ago it was; zero where nothing is given.
func when(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("flag --%s: %q is no time as 2026-03-01T12:00:00Z, no date, and not how long ago, as 24h", flag, text)
}

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
	if in.realm == "" {
		return usagef("flag --realm is needed")
	}
	if in.remote.asked(cmd) {
		r, err := in.remote.open(cmd.Context(), p)
		if err != nil {
			return err
		}
		return r.Download(cmd.Context(), in.address("log", q), w)
	}
	return p.withDatabase(cmd, func(ctx context.Context, db opened) (err error) {
		if q.Realm, err = realmKey(ctx, db, in.realm); err != nil {
			return err
		}
		return ledger.Export(ctx, db.store, q, db.store.LogKey(), time.Now(), w)
	})
}

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
			if in.realm == "" {
				return usagef("flag --realm is needed")
			}
			if in.remote.asked(cmd) {
				r, err := in.remote.open(cmd.Context(), p)
				if err != nil {
					return err
				}
				return r.Download(cmd.Context(), in.address("log/heads", core.Selection{}), p.out)
			}
			return p.withDatabase(cmd, func(ctx context.Context, db opened) error {
				key, err := realmKey(ctx, db, in.realm)
				if err != nil {
					return err
				}
				heads, err := db.store.LogHeads(ctx, key)
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

// realmPlace is a realm of the database, or of a server that runs.
type realmPlace struct {
	realm  string
	remote remote
}

func (at *realmPlace) addRealm(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&at.realm, "realm", "r", "", "realm")
}

func (at *realmPlace) addSource(cmd *cobra.Command) {
	at.remote.addFlags(cmd)
	addStoreFlags(cmd)
}

// address is where a server answers for a selection of the log.
func (at *realmPlace) address(what string, q core.Selection) string {
	parameters := url.Values{}
	for name, t := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !t.IsZero() {
			parameters.Set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	path := "realms/" + url.PathEscape(at.realm) + "/tokenhouse/" + what
	if len(parameters) > 0 {
		path += "?" + parameters.Encode()
	}
	return path
}

func realmKey(ctx context.Context, db opened, name string) (string, error) {
	r, err := db.realm(ctx, name)
	if err != nil {
		return "", err
	}
	return r.Key, nil
}

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

// verified is what tokenhouse log verify prints.
type verified struct {
	core.Report
	Key     string `json:"key,omitempty"` // that signed what was verified
	Trusted bool   `json:"keyGiven"`      // and was known beforehand
}

func (p *program) printVerified(q *verification, v verified) error {
	if v.Faults == nil {
		v.Faults = []core.Fault{}
	}
	if v.Notes == nil {
		v.Notes = []core.Fault{}
	}
	if q.asJSON {
		if err := printJSON(p.out, v); err != nil {
			return err
		}
	} else {
		p.printReport(v)
	}
	if len(v.Faults) > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

func (p *program) printReport(v verified) {
	for _, f := range v.Faults {
		fmt.Fprintf(p.out, "CHANGED  %s%s\n", whereabouts(f), f.Text)
	}
	for _, f := range v.Notes {
		fmt.Fprintf(p.out, "note     %s%s\n", whereabouts(f), f.Text)
	}
	for _, c := range v.Chains {
		fmt.Fprintf(p.out, "realm %s, node %s: records %d to %d\n", c.Realm, c.Node, c.From.Seq+1, c.To.Seq)
	}
	fmt.Fprintf(p.out, "%s, %s, %s\n", count(v.Records, "record"), count(len(v.Chains), "chain"), count(len(v.Faults), "change"))
	if !v.Trusted && v.Key != "" {
		fmt.Fprintf(p.out, "signed with key %s: compare it with the one that tokenhouse log head shows on the server, or give it by --key\n", v.Key)
	}
}

// whereabouts says which record a fault is about.
func whereabouts(f core.Fault) string {
	switch {
	case f.Node == "":
		return ""
	case f.Seq == 0:
		return fmt.Sprintf("realm %s, node %s: ", f.Realm, f.Node)
	}
	return fmt.Sprintf("realm %s, node %s, record %d: ", f.Realm, f.Node, f.Seq)
}
