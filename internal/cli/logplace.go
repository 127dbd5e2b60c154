package cli

import (
	"context"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
)

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

// readLog writes what a server answers of a realm's log, or what local writes of the database.
func (p *program) readLog(cmd *cobra.Command, in *realmPlace, what string, q core.Selection, w io.Writer,
	local func(ctx context.Context, db opened, realmKey string) error) error {
	if in.realm == "" {
		return usagef("flag --realm is needed")
	}
	if in.remote.asked(cmd) {
		r, err := in.remote.open(cmd.Context(), p)
		if err != nil {
			return err
		}
		return r.Download(cmd.Context(), in.address(what, q), w)
	}
	return p.withDatabase(cmd, func(ctx context.Context, db opened) error {
		key, err := realmKey(ctx, db, in.realm)
		if err != nil {
			return err
		}
		return local(ctx, db, key)
	})
}

func realmKey(ctx context.Context, db opened, name string) (string, error) {
	r, err := db.realm(ctx, name)
	if err != nil {
		return "", err
	}
	return r.Key, nil
}
