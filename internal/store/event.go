package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Record queues an event, and returns before it is durable; a full queue keeps the caller waiting.
// Whether the realm keeps events, which kinds, and with their trace, is decided by who calls.
func (s *Store) Record(_ context.Context, e event.Event) {
	st, err := eventStatement(e)
	if err == nil {
		err = s.db.Later(st)
	}
	if err != nil {
		s.log.Error("event is lost", "kind", e.Kind, "realm", e.RealmName, "error", err)
	}
}

// eventStatement adds an event. The parts that callers choose, as client ids, hold what may not even
// be text.
func eventStatement(e event.Event) (st engine.Statement, err error) {
	details, err := encode(e.Details)
	if err != nil {
		return st, err
	}
	var trace any
	if e.Trace != nil {
		if trace, err = encode(e.Trace); err != nil {
			return st, err
		}
	}
	if e.ID == "" {
		e.ID = uuid.NewString()
	}
	return engine.Statement{
		SQL: `INSERT INTO event (realm, at, id, realm_name, kind, client, user_id, session, address, error, details, trace)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (realm, at, id) DO NOTHING`,
		Args: []any{e.Realm, micros(e.Time), e.ID, storable(e.RealmName), string(e.Kind), storable(e.Client), storable(e.UserID),
			storable(e.Session), storable(e.Address), storable(e.Error), details, trace},
	}, nil
}

// storable is a text that every database can hold.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}

// EventFilter narrows which events are read; the zero value is all.
type EventFilter struct {
	Kinds  []event.Kind
	Client string // client_id
	UserID string
	Since  time.Time // included
	Until  time.Time // excluded
	First  int       // how many to pass over
	Limit  int       // zero: 100
}

// Events are a realm's events, newest first. Those that are still queued are not among them.
func (s *Store) Events(ctx context.Context, realmKey string, f EventFilter) ([]event.Event, error) {
	q := f.query(realmKey)
	q.any("kind", f.Kinds)
	q.equal("client", f.Client)
	q.equal("user_id", f.UserID)
	var out []event.Event
	err := s.db.Each(ctx, `SELECT realm, at, id, realm_name, kind, client, user_id, session, address, error, details, trace FROM event`+q.end(f),
		q.args, func(scan engine.Scan) error {
			e, err := scanEvent(scan)
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return out, nil
}

func scanEvent(scan engine.Scan) (e event.Event, err error) {
	var at int64
	var kind string
	var details, trace []byte
	err = scan(&e.Realm, &at, &e.ID, &e.RealmName, &kind, &e.Client, &e.UserID, &e.Session, &e.Address, &e.Error, &details, &trace)
	if err != nil {
		return e, err
	}
	e.Time, e.Kind = moment(at), event.Kind(kind)
	err = json.Unmarshal(details, &e.Details)
	if trace != nil {
		e.Trace = &explain.Trace{}
		err = errors.Join(err, json.Unmarshal(trace, e.Trace))
	}
	return e, err
}

// adminStatements add admin events.
func adminStatements(audit []event.Admin) []engine.Statement {
	var out []engine.Statement
	for _, a := range audit {
		if a.ID == "" {
			a.ID = uuid.NewString()
		}
		actor, _ := encode(a.Actor) // four texts: it cannot fail
		out = append(out, engine.Statement{
			SQL: `INSERT INTO admin_event (realm, at, id, operation, resource_type, resource_path, representation, actor, error)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			Args: []any{a.Realm, micros(a.Time), a.ID, a.Operation, a.ResourceType, storable(a.ResourcePath),
				storable(a.Representation), actor, storable(a.Error)},
		})
	}
	return out
}

// AdminEvents are a realm's admin events, newest first. Of the filter only times and numbers count.
func (s *Store) AdminEvents(ctx context.Context, realmKey string, f EventFilter) ([]event.Admin, error) {
	q := f.query(realmKey)
	var out []event.Admin
	err := s.db.Each(ctx, `SELECT realm, at, id, operation, resource_type, resource_path, representation, actor, error FROM admin_event`+q.end(f),
		q.args, func(scan engine.Scan) error {
			var a event.Admin
			var at int64
			var actor []byte
			err := scan(&a.Realm, &at, &a.ID, &a.Operation, &a.ResourceType, &a.ResourcePath, &a.Representation, &actor, &a.Error)
			if err != nil {
				return err
			}
			a.Time = moment(at)
			out = append(out, a)
			return json.Unmarshal(actor, &out[len(out)-1].Actor)
		})
	if err != nil {
		return nil, fmt.Errorf("read admin events: %w", err)
	}
	return out, nil
}

// eventQuery collects the conditions of a filter.
type eventQuery struct {
	where []string
	args  []any
}

func (f EventFilter) query(realmKey string) *eventQuery {
	q := &eventQuery{}
	q.add("realm = ", realmKey)
	if !f.Since.IsZero() {
		q.add("at >= ", micros(f.Since))
	}
	if !f.Until.IsZero() {
		q.add("at < ", micros(f.Until))
	}
	return q
}

func (q *eventQuery) add(condition string, arg any) {
	q.args = append(q.args, arg)
	q.where = append(q.where, fmt.Sprintf("%s$%d", condition, len(q.args)))
}

func (q *eventQuery) equal(column, value string) {
	if value != "" {
		q.add(column+" = ", value)
	}
}

func (q *eventQuery) any(column string, kinds []event.Kind) {
	if len(kinds) == 0 {
		return
	}
	var places []string
	for _, kind := range kinds {
		q.args = append(q.args, string(kind))
		places = append(places, fmt.Sprintf("$%d", len(q.args)))
	}
	q.where = append(q.where, column+" IN ("+strings.Join(places, ", ")+")")
}

func (q *eventQuery) end(f EventFilter) string {
	limit := f.Limit
	if limit == 0 {
		limit = 100
	}
	q.args = append(q.args, int64(limit), int64(f.First))
	return fmt.Sprintf(" WHERE %s ORDER BY at DESC, id DESC LIMIT $%d OFFSET $%d",
		strings.Join(q.where, " AND "), len(q.args)-1, len(q.args))
}
