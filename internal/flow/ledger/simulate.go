package ledger

import (
	"context"
	"io"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Changed is a decision that comes out otherwise.
type Changed struct {
	At       time.Time            `json:"at"`
	ID       string               `json:"id"` // of the event of the request
	Grant    string               `json:"grant"`
	Client   string               `json:"client"`
	User     string               `json:"user,omitempty"` // id
	Subject  string               `json:"subjectClient,omitempty"`
	Audience []string             `json:"audience,omitempty"` // that were asked for
	Change   *decision.Difference `json:"change"`
	Rule     explain.Rule         `json:"rule,omitempty"`    // that refuses now, or refused before
	Because  string               `json:"because,omitempty"` // why it is refused now
}

// Simulation is what came of taking decisions again.
type Simulation struct {
	Realm     string    `json:"realm"`
	Decisions int       `json:"decisions"` // in the time span
	Again     int       `json:"again"`     // of them taken again; the others were refused for what the log does not hold
	Changed   []Changed `json:"changed"`
	Missing   []string  `json:"missingRoles"` // ids of roles that users had, and that the realm does not have
	more      map[string]bool
	realm     *realm.Realm
}

// Simulate begins to take decisions again in a realm.
func Simulate(r *realm.Realm) *Simulation {
	return &Simulation{Realm: r.Name, Changed: []Changed{}, Missing: []string{}, more: map[string]bool{}, realm: r}
}

// Take takes a decision again.
func (s *Simulation) Take(at ledger.Record, d decision.Record) {
	s.Decisions++
	is, ok := decision.Again(d, s.realm)
	if !ok {
		return
	}
	s.Again++
	s.look(d.User)
	change := decision.Compare(d.Outcome, is.Outcome)
	if change == nil {
		return
	}
	c := Changed{At: at.At, ID: d.ID, Grant: d.Grant, Client: d.Client, Audience: d.Asked.Audience, Change: change, Rule: is.Rule, Because: is.Because}
	if is.Granted {
		c.Rule = d.Outcome.Rule
	}
	if d.User != nil {
		c.User = d.User.ID
	}
	if d.Subject != nil {
		c.Subject = d.Subject.Client
	}
	s.Changed = append(s.Changed, c)
}

// look notes the roles of a user that the realm does not have: where they are many, its ids are not those of the log.
func (s *Simulation) look(u *decision.User) {
	if u == nil {
		return
	}
	note := func(keys []string) {
		for _, key := range keys {
			if !s.more[key] && s.realm.RoleByKey(key) == nil {
				s.more[key] = true
				s.Missing = append(s.Missing, key)
			}
		}
	}
	note(u.Roles)
	for _, g := range u.Groups {
		note(g.Roles)
	}
}

// SimulateFile takes the decisions of an export again that were taken in a time span.
func SimulateFile(file io.Reader, since, until time.Time, in *realm.Realm) (*Simulation, error) {
	s := Simulate(in)
	return s, Decisions(file, func(at ledger.Record, d decision.Record) error {
		if !at.At.Before(since) && (until.IsZero() || at.At.Before(until)) {
			s.Take(at, d)
		}
		return nil
	})
}

// SimulateStore takes the decisions of a selection again.
func SimulateStore(ctx context.Context, from Lines, q ledger.Selection, in *realm.Realm) (*Simulation, error) {
	s := Simulate(in)
	return s, from.LogLines(ctx, q, func(line []byte) error {
		return decide(line, func(at ledger.Record, d decision.Record) error {
			if !at.At.Before(q.Since) && (q.Until.IsZero() || at.At.Before(q.Until)) {
				s.Take(at, d)
			}
			return nil
		})
	})
}
