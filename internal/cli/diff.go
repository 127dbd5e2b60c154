package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/cli/admin"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/kcadm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmdiff"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

func (p *program) diffCommand() *cobra.Command {
	var from remote
	var asJSON bool
	var users string
	cmd := &cobra.Command{
		Use:   "diff FILE",
		Short: "Compare a realm file with the database or a server",
		Long: "Print what would change if the realms of a file replaced those in the database or, with --server, of a server,\n" +
			"Tokenhouse or Keycloak. Things are the same by name; ids, and the order of sets, do not count. Secrets are\n" +
			"compared where they can be seen, and not shown; passwords are not compared, and users only with the database.\n\n" +
			"The exit code is 0 where nothing would change, 1 where something would, and 2 where they could not be compared.",
		Args: arguments("a realm file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if users != "same_file" && users != "skip" {
				return usagef("flag --users: %q is neither same_file nor skip", users)
			}
			if from.asked(cmd) {
				r, err := from.open(cmd.Context(), p)
				if err != nil {
					return trouble(err)
				}
				return p.printDifferences(cmd.Context(), args[0], serverRealms{r}, asJSON)
			}
			err := p.withDatabase(cmd, func(ctx context.Context, db opened) error {
				return p.printDifferences(ctx, args[0], databaseRealms{db.realms, manage.ExportOptions{WithoutUsers: users == "skip"}}, asJSON)
			})
			return trouble(err)
		},
	}
	from.addFlags(cmd)
	cmd.Flags().StringVar(&users, "users", "same_file", "whether to compare users: same_file or skip")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	addStoreFlags(cmd)
	complete(cmd, "users", "same_file", "skip")
	return cmd
}

// trouble is an error that diff ends with code 2 for, as 1 says that there are differences.
func trouble(err error) error {
	if _, said := errors.AsType[exitCode](err); said || err == nil {
		return err
	}
	return usagef("%v", err)
}

// realms are the realms that a file is compared with.
type realms interface {
	// realm is fault.ErrNotFound where there is none of this name.
	realm(ctx context.Context, name string) (keycloak.Object, error)
	// scope is how much of a realm they show, and whether users are in it.
	scope() (realmdiff.Scope, manage.ExportOptions)
}

// databaseRealms are those of the database.
type databaseRealms struct {
	realms  *manage.Realms
	options manage.ExportOptions
}

func (d databaseRealms) scope() (realmdiff.Scope, manage.ExportOptions) {
	return realmdiff.Whole, d.options
}

func (d databaseRealms) realm(ctx context.Context, name string) (keycloak.Object, error) {
	var text bytes.Buffer
	if err := d.realms.Export(ctx, name, &text, d.options); err != nil {
		return nil, err
	}
	var o keycloak.Object
	return o, json.Unmarshal(text.Bytes(), &o)
}

// serverRealms are those of a server: what a partial export shows.
type serverRealms struct{ remote *admin.Remote }

func (s serverRealms) scope() (realmdiff.Scope, manage.ExportOptions) {
	return realmdiff.Partial, manage.ExportOptions{WithoutUsers: true}
}

func (s serverRealms) realm(ctx context.Context, name string) (keycloak.Object, error) {
	var o keycloak.Object
	err := s.remote.Call(ctx, http.MethodPost, "realms/"+url.PathEscape(name)+"/partial-export?exportClients=true&exportGroupsAndRoles=true", nil, &o)
	if refused, ok := errors.AsType[*kcadm.Refused](err); ok && refused.Code == http.StatusNotFound {
		return nil, fault.ErrNotFound
	}
	return o, err
}

// realmDifference is a realm of the comparison as --json prints it.
type realmDifference struct {
	Realm   string             `json:"realm"`
	Exists  bool               `json:"exists"`
	Changes []realmdiff.Change `json:"changes"`
}

// printDifferences prints what the realms of a file would change. The error is exitCode(1) where they would
// change something.
func (p *program) printDifferences(ctx context.Context, path string, with realms, asJSON bool) error {
	if info, err := os.Stat(path); err != nil {
		return err
	} else if info.IsDir() {
		return fmt.Errorf("%s is a directory: name one file", path)
	}
	scope, options := with.scope()
	files, err := server.Realms(nil, server.Config{Env: p.lookupEnv}).Preview(ctx, server.File(path), options)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out, differs := []realmDifference{}, false
	for _, file := range files {
		name := file.Text("realm")
		d := realmDifference{Realm: name, Exists: true, Changes: []realmdiff.Change{}}
		present, err := with.realm(ctx, name)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			d.Exists = false
		case err != nil:
			return fmt.Errorf("realm %s: %w", name, err)
		default:
			d.Changes = append(d.Changes, realmdiff.Compare(present, file, scope)...)
		}
		differs = differs || !d.Exists || len(d.Changes) > 0
		out = append(out, d)
	}
	if asJSON {
		if err := printJSON(p.out, out); err != nil {
			return err
		}
	} else {
		for _, d := range out {
			printDifference(p.out, d)
		}
	}
	if differs {
		return exitCode(exitFailed)
	}
	return nil
}

// signs are what a line begins with.
var signs = map[realmdiff.Action]string{realmdiff.Added: "+", realmdiff.Removed: "-", realmdiff.Changed: "~"}

func printDifference(w io.Writer, d realmDifference) {
	switch {
	case !d.Exists:
		fmt.Fprintf(w, "realm %s: would be created\n", d.Realm)
		return
	case len(d.Changes) == 0:
		fmt.Fprintf(w, "realm %s: no difference\n", d.Realm)
		return
	}
	fmt.Fprintf(w, "realm %s: %s\n", d.Realm, count(len(d.Changes), "difference"))
	for _, c := range d.Changes {
		fmt.Fprintf(w, "  %s %s %s\n", signs[c.Action], c.Kind, c.Name)
		for _, m := range c.Members {
			if bytes.Equal(m.From, realmdiff.Hidden) && bytes.Equal(m.To, realmdiff.Hidden) {
				fmt.Fprintf(w, "      %s: another one\n", m.Path)
				continue
			}
			fmt.Fprintf(w, "      %s: %s → %s\n", m.Path, brief(m.From), brief(m.To))
		}
	}
}

// mostShown is how much of a value a line shows, in bytes.
const mostShown = 160

// brief is a value on a line.
func brief(v json.RawMessage) string {
	if v == nil {
		return "none"
	}
	if len(v) <= mostShown {
		return string(v)
	}
	cut := mostShown
	for !utf8.RuneStart(v[cut]) {
		cut--
	}
	return string(v[:cut]) + "…"
}
