package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/server"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// opened is the database that the options name, with the flows that administrate it.
type opened struct {
	store  *store.Store
	realms *manage.Realms
}

// realm is a realm of the database, by name.
func (db opened) realm(ctx context.Context, name string) (*realm.Realm, error) {
	r, err := db.store.Realm(ctx, name)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, fmt.Errorf("there is no realm %q", name)
	}
	return r, err
}

// extras read what is kept of the documents of a realm.
func (db opened) extras(ctx context.Context, r *realm.Realm) manage.Extras {
	return func(kind realm.Kind, key string) (realm.Extra, error) { return db.store.Extra(ctx, r.Key, kind, key) }
}

// withDatabase runs work on the database that the options of cmd name.
func (p *program) withDatabase(cmd *cobra.Command, work func(ctx context.Context, db opened) error) error {
	s, err := resolve(cmd.Flags(), p.environ)
	if err != nil {
		return err
	}
	return p.onDatabase(cmd.Context(), s, work)
}

// withDatabaseAlone is withDatabase for work that changes it, which a server that has it open would not
// hear of.
func (p *program) withDatabaseAlone(cmd *cobra.Command, work func(ctx context.Context, db opened) error) (err error) {
	s, err := resolve(cmd.Flags(), p.environ)
	if err != nil {
		return err
	}
	release, err := server.Own(s.Database)
	if errors.Is(err, server.ErrOwned) {
		return fmt.Errorf("%w: stop the server first, or let it import at its start by --import-realm", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return p.onDatabase(cmd.Context(), s, work)
}

func (p *program) onDatabase(ctx context.Context, s *settings, work func(ctx context.Context, db opened) error) (err error) {
	s.Log, s.Env = p.logger(s), p.lookupEnv
	st, err := server.OpenStore(ctx, s.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return work(ctx, opened{st, server.Realms(st, s.Config)})
}

// addStoreFlags declares the options of commands that open the database.
func addStoreFlags(cmd *cobra.Command) {
	addFlags(cmd.Flags(), func(o option) bool { return o.store })
}
