package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// rerun is what tokenhouse simulate is asked.
type rerun struct {
	place
	span
	log string // file of an export; empty: the log of the database or server
}

func (p *program) simulateCommand() *cobra.Command {
	q := &rerun{}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Tell which decisions of the log would come out otherwise in a changed realm",
		Long: "Take decisions of the decision log again, by the server's own code, in a realm that would be another, and tell which come\n" +
			"out otherwise: the realm of the database or, with --server, of a server that runs, changed by --with; or that of a realm\n" +
			"file. With --log the decisions are those of an export, and a realm file needs neither server nor database.\n\n" +
			"Users, their roles and consents are taken as they were. Nothing is changed. The exit code is 1 where a decision would\n" +
			"come out otherwise.",
		Example: "  tokenhouse simulate -r shop --since 168h --with change.json\n" +
			"  tokenhouse simulate --log decisions.jsonl --realm-file shop.json",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.simulate(cmd, q) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	q.addRealm(cmd)
	q.span.addFlags(cmd)
	q.addWith(cmd)
	f.StringVar(&q.log, "log", "", "take the decisions from this file, which tokenhouse log export wrote")
	q.addSource(cmd)
	return cmd
}

func (p *program) simulate(cmd *cobra.Command, q *rerun) error {
	if err := q.check(cmd); err != nil {
		return err
	}
	since, until, err := q.span.read(time.Now())
	if err != nil {
		return err
	}
	var found *ledger.Simulation
	switch {
	case q.remote.asked(cmd) && q.log != "":
		return usagef("flags --log and --server exclude each other")
	case q.remote.asked(cmd):
		found, err = p.simulateRemote(cmd, q, since, until)
	case q.log != "":
		found, err = p.simulateFile(cmd, q, since, until)
	case q.file != "" && q.realm == "":
		return usagef("flag --realm is needed: whose log it is; or --log")
	default:
		found, err = p.simulateDatabase(cmd, q, since, until)
	}
	if err != nil {
		return err
	}
	return p.printSimulation(q, found)
}

func (p *program) simulateRemote(cmd *cobra.Command, q *rerun, since, until time.Time) (*ledger.Simulation, error) {
	if q.file != "" {
		return nil, usagef("flags --realm-file and --server exclude each other")
	}
	ask := map[string]any{}
	for name, t := range map[string]time.Time{"since": since, "until": until} {
		if !t.IsZero() {
			ask[name] = t.UTC().Format(time.RFC3339Nano)
		}
	}
	if q.with != "" {
		change, err := os.ReadFile(q.with)
		if err != nil {
			return nil, err
		}
		if !json.Valid(change) {
			return nil, usagef("%s: no JSON", q.with)
		}
		ask["with"] = json.RawMessage(change)
	}
	r, err := q.remote.open(cmd.Context(), p)
	if err != nil {
		return nil, err
	}
	found := &ledger.Simulation{}
	at := realmPlace{realm: q.realm}
	return found, r.Call(cmd.Context(), http.MethodPost, at.address("simulate", core.Selection{}), ask, found)
}

// changed is the realm of a stage, with its change.
func changed(s rehearse.Stage) *realm.Realm {
	if s.Supposed != nil {
		return s.Supposed
	}
	return s.Realm
}

func (p *program) simulateFile(cmd *cobra.Command, q *rerun, since, until time.Time) (found *ledger.Simulation, err error) {
	file, err := os.Open(q.log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	err = p.onStage(cmd, &q.place, func(_ context.Context, s rehearse.Stage) (err error) {
		if found, err = ledger.SimulateFile(file, since, until, changed(s)); err != nil {
			return fmt.Errorf("%s: %w", q.log, err)
		}
		return nil
	})
	return found, err
}

// simulateDatabase takes the decisions of the database's log, and the realm of the database or of a file.
func (p *program) simulateDatabase(cmd *cobra.Command, q *rerun, since, until time.Time) (found *ledger.Simulation, err error) {
	var in *realm.Realm
	if err := p.onStage(cmd, &q.place, func(_ context.Context, s rehearse.Stage) error {
		in = changed(s)
		return nil
	}); err != nil {
		return nil, err
	}
	err = p.withDatabase(cmd, func(ctx context.Context, db opened) error {
		key, err := realmKey(ctx, db, q.realm)
		if err != nil {
			return err
		}
		found, err = ledger.SimulateStore(ctx, db.store, core.Selection{Realm: key, Since: since, Until: until}, in)
		return err
	})
	return found, err
}

func (p *program) printSimulation(q *rerun, s *ledger.Simulation) error {
	if q.asJSON {
		if err := printJSON(p.out, s); err != nil {
			return err
		}
	} else {
		p.tellSimulation(s)
	}
	if len(s.Changed) > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

func (p *program) tellSimulation(s *ledger.Simulation) {
	for _, c := range s.Changed {
		fmt.Fprintf(p.out, "%s  %s  %s\n", c.At.UTC().Format(time.RFC3339), c.ID, request(c))
		for _, line := range difference(c) {
			fmt.Fprintf(p.out, "    %s\n", line)
		}
	}
	fmt.Fprintf(p.out, "%s, %d taken again, %d would come out otherwise\n", count(s.Decisions, "decision"), s.Again, len(s.Changed))
	if len(s.Missing) > 0 {
		fmt.Fprintf(p.out, "users had %s that realm %s does not have: where nobody removed them, its ids are not those of the log\n", count(len(s.Missing), "role"), s.Realm)
	}
}

// request says who asked for what.
func request(c ledger.Changed) string {
	out := []string{c.Client, c.Grant[strings.LastIndexByte(c.Grant, ':')+1:]}
	if c.Subject != "" && c.Subject != c.Client {
		out = append(out, "of a token of "+c.Subject)
	}
	if len(c.Audience) > 0 {
		out = append(out, "for "+strings.Join(c.Audience, " "))
	}
	return strings.Join(out, " ")
}

// difference says how a decision would come out otherwise.
func difference(c ledger.Changed) []string {
	var out []string
	switch g := c.Change.Granted; {
	case g != nil && g.Is:
		out = append(out, fmt.Sprintf("refused → granted  %s does not refuse it any more", c.Rule))
	case g != nil:
		out = append(out, fmt.Sprintf("granted → refused  %s: %s", c.Rule, c.Because))
	case c.Change.Rule != nil:
		out = append(out, fmt.Sprintf("refused by %s → by %s: %s", c.Change.Rule.Was, c.Change.Rule.Is, c.Because))
	}
	for _, m := range []struct {
		what  string
		moved *decision.Moved
	}{{"aud", c.Change.Audience}, {"scope", c.Change.Scope}, {"roles", c.Change.Roles}} {
		if m.moved == nil {
			continue
		}
		line := m.what
		for _, one := range m.moved.Lost {
			line += " -" + one
		}
		for _, one := range m.moved.Gained {
			line += " +" + one
		}
		out = append(out, line)
	}
	return out
}
