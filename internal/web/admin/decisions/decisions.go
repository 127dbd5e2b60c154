// Package decisions gives out the decision log, and takes its decisions again in a realm as it would be.
package decisions

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"time"

	core "github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/explain"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Log       Log
	Documents explain.Documents
}

// Log is the decision log as the store has it.
type Log interface {
	ledger.Lines
	LogHeads(ctx context.Context, realmKey string) ([][]byte, error)
	LogKey() ed25519.PrivateKey
}

// Routes are the addresses of the decision log. They change nothing; the one that is told much is POST.
func Routes(d Deps) []rest.Route {
	return []rest.Route{
		{Method: "GET", Path: "/tokenhouse/log", Need: permit.ToViewEvents, Handle: d.export},
		{Method: "GET", Path: "/tokenhouse/log/heads", Need: permit.ToViewEvents, Handle: d.heads},
		{Method: "POST", Path: "/tokenhouse/simulate", Need: permit.ToViewEvents, Handle: d.simulate},
	}
}

// jsonLines is the type of what has a JSON object on each line.
const jsonLines = "application/jsonl"

func (d Deps) export(w http.ResponseWriter, r *rest.Request) error {
	q := core.Selection{Realm: r.Realm.Key}
	var err error
	parameters := r.URL.Query()
	if q.Since, err = moment(parameters.Get("since")); err != nil {
		return err
	}
	if q.Until, err = moment(parameters.Get("until")); err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonLines)
	return ledger.Export(r.Context(), d.Log, q, d.Log.LogKey(), r.Author.Now, w)
}

func (d Deps) heads(w http.ResponseWriter, r *rest.Request) error {
	heads, err := d.Log.LogHeads(r.Context(), r.Realm.Key)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonLines)
	for _, line := range heads {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// question is which decisions are taken again, and in which realm.
type question struct {
	Since string          `json:"since"`
	Until string          `json:"until"`
	With  json.RawMessage `json:"with"` // a change of the realm; absent: the realm as it is
}

// simulate tells which decisions would come out otherwise. What it tells of the realm, explaining tells too.
func (d Deps) simulate(w http.ResponseWriter, r *rest.Request) error {
	for _, need := range []permit.Need{permit.ToViewClients, permit.ToViewUsers} {
		if err := r.Demand(need); err != nil {
			return err
		}
	}
	var asked question
	if err := r.Decode(&asked); err != nil {
		return err
	}
	q := core.Selection{Realm: r.Realm.Key}
	var err error
	if q.Since, err = moment(asked.Since); err != nil {
		return err
	}
	if q.Until, err = moment(asked.Until); err != nil {
		return err
	}
	in := r.Realm
	if len(asked.With) > 0 {
		if in, err = explain.Suppose(r, d.Documents, asked.With); err != nil {
			return err
		}
	}
	found, err := ledger.SimulateStore(r.Context(), d.Log, q, in)
	if err != nil {
		return err
	}
	return rest.JSON(w, found)
}

// moment reads a time (RFC 3339); zero where there is none.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, rest.BadRequest("since and until are times as 2026-03-01T12:00:00Z")
	}
	return t, nil
}
