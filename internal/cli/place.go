package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// place is where a realm is that a question is about: in the database, in a file, or on a server that runs.
type place struct {
	realm, file string
	base        string // URL that callers reach the server by
	remote      remote
	asJSON      bool
	with        string // file of a change that is supposed; empty: none
}

func (at *place) addRealm(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&at.realm, "realm", "r", "", "realm; that of the file where --realm-file holds just one")
}

func (at *place) addSource(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&at.file, "realm-file", "", "read the realm from this file, not from the database")
	at.remote.addFlags(cmd)
	f.StringVar(&at.base, "base", "http://localhost:8080", "URL that callers reach the server by")
	f.BoolVar(&at.asJSON, "json", false, "print JSON")
	addStoreFlags(cmd)
}

// check refuses flags that name no place, or two.
func (at *place) check(cmd *cobra.Command) error {
	switch {
	case at.realm == "" && at.file == "":
		return usagef("flag --realm is needed, or --realm-file")
	case at.file != "" && at.remote.asked(cmd):
		return usagef("flags --realm-file and --server exclude each other")
	}
	return nil
}

// onStage lets decide look at the realm of a file, or of the database.
func (p *program) onStage(cmd *cobra.Command, at *place, decide func(context.Context, rehearse.Stage) error) error {
	if at.file != "" {
		stage, err := p.fileStage(cmd, at)
		if err != nil {
			return err
		}
		return misusedBy(decide(cmd.Context(), stage))
	}
	return p.withDatabase(cmd, func(ctx context.Context, db opened) error {
		r, err := db.realm(ctx, at.realm)
		if err != nil {
			return err
		}
		stage := rehearse.Stage{Realm: r, People: db.store, Policies: police.Judge{Kept: db.store}, Base: at.base, Now: time.Now(), Neighbour: db.realm}
		stage.Abroad, stage.Obstacles = server.Onlookers(db.store, server.Config{})
		if stage.Supposed, err = at.suppose(r, db.extras(ctx, r)); err != nil {
			return misusedBy(err)
		}
		return misusedBy(decide(ctx, stage))
	})
}

// misusedBy makes a question that makes no sense a mistake of the command line.
func misusedBy(err error) error {
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok && invalid.Field != "user" {
		return usagef("%s", invalid.Message)
	}
	return err
}

// fileStage is the realm of a file.
func (p *program) fileStage(cmd *cobra.Command, at *place) (rehearse.Stage, error) {
	if _, err := resolve(cmd.Flags(), p.environ); err != nil {
		return rehearse.Stage{}, err
	}
	realms := server.Realms(nil, server.Config{Env: p.lookupEnv})
	snapshots, err := realms.Read(cmd.Context(), server.File(at.file))
	if err != nil {
		return rehearse.Stage{}, fmt.Errorf("%s: %w", at.file, err)
	}
	s, err := pick(snapshots, at)
	if err != nil {
		return rehearse.Stage{}, err
	}
	all := filed(snapshots)
	stage := rehearse.Stage{Realm: s.Realm, People: all, Policies: police.Judge{}, Base: at.base, Now: time.Now(),
		Abroad: all.outlook(), Obstacles: all.obstacles(), Neighbour: all.Realm}
	stage.Supposed, err = at.suppose(s.Realm, manage.InMemory(s.Realm))
	return stage, misusedBy(err)
}

// pick chooses the realm that the question is about.
func pick(all []manage.Snapshot, at *place) (manage.Snapshot, error) {
	var names []string
	for _, s := range all {
		if name := s.Realm.Name; name == at.realm || at.realm == "" && len(all) == 1 {
			return s, nil
		}
		names = append(names, s.Realm.Name)
	}
	if at.realm == "" {
		return manage.Snapshot{}, usagef("flag --realm is needed: the file holds %s", strings.Join(names, ", "))
	}
	return manage.Snapshot{}, fmt.Errorf("%s holds no realm %q", at.file, at.realm)
}
