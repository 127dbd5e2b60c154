package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
)

func (p *program) exportCommand() *cobra.Command {
	var realmName, path, dir, users string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Export realms as Keycloak realm files",
		Long: "Export a realm as a Keycloak realm file, to standard output or to --file; or all realms, or the one named,\n" +
			"to --dir. Secrets and password hashes are in the files: only their owner may read them.",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case path != "" && dir != "":
				return usagef("flags --file and --dir exclude each other")
			case dir == "" && realmName == "":
				return usagef("flag --realm is needed without --dir")
			case users != "same_file" && users != "skip":
				return usagef("flag --users: %q is neither same_file nor skip", users)
			}
			o := manage.ExportOptions{WithoutUsers: users == "skip"}
			return p.withDatabase(cmd, func(ctx context.Context, db opened) error {
				if dir == "" && path == "" {
					return exportTo(ctx, db.realms, realmName, p.out, o)
				}
				written, err := exportFiles(ctx, db, realmName, path, dir, o)
				if err != nil || !asJSON {
					return err
				}
				return printJSON(p.out, written)
			})
		},
	}
	cmd.Flags().StringVarP(&realmName, "realm", "r", "", "realm to export; all where --dir is set and this is not")
	cmd.Flags().StringVar(&path, "file", "", "file to write")
	cmd.Flags().StringVar(&dir, "dir", "", "directory to write <realm>-realm.json files to")
	cmd.Flags().StringVar(&users, "users", "same_file", "what to do with users: same_file or skip")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print which files were written, as JSON")
	addStoreFlags(cmd)
	complete(cmd, "users", "same_file", "skip")
	return cmd
}

// exported is a file that an export wrote, as --json prints it.
type exported struct {
	Realm string `json:"realm"`
	File  string `json:"file"`
}

// exportFiles writes one realm to path, or the realm named, all where none is, to dir.
func exportFiles(ctx context.Context, db opened, only, path, dir string, o manage.ExportOptions) ([]exported, error) {
	if path != "" {
		return []exported{{only, path}}, exportFile(ctx, db.realms, only, path, o)
	}
	names := []string{only}
	if only == "" {
		var err error
		if names, err = db.store.RealmNames(ctx); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var out []exported
	for _, name := range names {
		if strings.ContainsAny(name, `/\`) { // names are checked when realms are made; a path would leave dir
			return nil, fmt.Errorf("realm %q cannot be a file name; export it with --file", name)
		}
		file := filepath.Join(dir, name+"-realm.json")
		if err := exportFile(ctx, db.realms, name, file, o); err != nil {
			return nil, err
		}
		out = append(out, exported{name, file})
	}
	return out, nil
}

// exportFile writes the realm beside the file first, so that a file that is there stays whole
// whatever happens.
func exportFile(ctx context.Context, realms *manage.Realms, name, path string, o manage.ExportOptions) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(exportTo(ctx, realms, name, f, o), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func exportTo(ctx context.Context, realms *manage.Realms, name string, w io.Writer, o manage.ExportOptions) error {
	err := realms.Export(ctx, name, w, o)
	if errors.Is(err, fault.ErrNotFound) {
		return fmt.Errorf("there is no realm %q", name)
	}
	return err
}
