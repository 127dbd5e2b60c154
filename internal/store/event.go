package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// EventFilter narrows which events are read; the zero value is all. The conditions must all hold.
type EventFilter struct {
	Kinds   []event.Kind
	Client  string // client_id
	UserID  string
	Session string
	Address string
	Window
}

// Window is which part of a list of events is read.
type Window struct {
	Since       time.Time // included
	Until       time.Time // excluded
	OldestFirst bool      // instead of newest first
	First       int       // how many to pass over
	Limit       int       // zero: 100; negative: all
}

// Events are a realm's events, newest first unless the filter says otherwise. Those that are still queued
// are not among them.
func (s *Store) Events(ctx context.Context, realmKey string, f EventFilter) ([]event.Event, error) {
	q := f.conditions(realmKey)
	among(q, "kind", f.Kinds)
	q.equal("client", f.Client)
	q.equal("user_id", f.UserID)
	q.equal("session", f.Session)
	q.equal("address", f.Address)
	var out []event.Event
	err := s.db.Each(ctx, `SELECT realm, at, id, realm_name, kind, client, user_id, session, address, error, details, trace FROM event `+f.of(q),
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

// ClearEvents deletes a realm's events.
func (s *Store) ClearEvents(ctx context.Context, realmKey string) error {
	if err := s.sweepEvents(ctx, "event", realmKey, forever); err != nil {
		return fmt.Errorf("clear events: %w", err)
	}
	return nil
}

// forever is after every moment that a column holds.
const forever = math.MaxInt64

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

// Append adds admin events of actions that change nothing else in the store.
func (s *Store) Append(ctx context.Context, audit []event.Admin) error {
	if len(audit) == 0 {
		return nil
	}
	if err := s.db.Write(ctx, &engine.Write{Statements: adminStatements(audit)}); err != nil {
		return fmt.Errorf("append admin events: %w", err)
	}
	return nil
}

// AdminFilter narrows which admin events are read; the zero value is all. The conditions must all hold.
type AdminFilter struct {
	Operations    []string
	ResourceTypes []string
	Path          string // of the resource; an asterisk stands for any letters
	Actor         event.Actor
	Window
}

// AdminEvents are a realm's admin events, newest first unless the filter says otherwise.
func (s *Store) AdminEvents(ctx context.Context, realmKey string, f AdminFilter) ([]event.Admin, error) {
	q := f.conditions(realmKey)
	among(q, "operation", f.Operations)
	among(q, "resource_type", f.ResourceTypes)
	if f.Path != "" {
		q.add(`resource_path LIKE ? ESCAPE '!'`, like(f.Path))
	}
	by(q, "Realm", f.Actor.Realm)
	by(q, "Client", f.Actor.Client)
	by(q, "UserID", f.Actor.UserID)
	by(q, "Address", f.Actor.Address)
	var out []event.Admin
	err := s.db.Each(ctx, `SELECT realm, at, id, operation, resource_type, resource_path, representation, actor, error FROM admin_event `+f.of(q),
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

// ClearAdminEvents deletes a realm's admin events.
func (s *Store) ClearAdminEvents(ctx context.Context, realmKey string) error {
	if err := s.sweepEvents(ctx, "admin_event", realmKey, forever); err != nil {
		return fmt.Errorf("clear admin events: %w", err)
	}
	return nil
}

// by adds what a member of the actor is, who is kept as JSON.
func by(q *conditions, member, value string) {
	if value == "" {
		return
	}
	text, _ := encode(value) // a text: it cannot fail
	q.add(`actor LIKE ? ESCAPE '!'`, "%"+like(`"`+member+`":`+text)+"%")
}

func (w Window) conditions(realmKey string) *conditions {
	q := &conditions{}
	q.add("realm = ?", realmKey)
	if !w.Since.IsZero() {
		q.add("at >= ?", micros(w.Since))
	}
	if !w.Until.IsZero() {
		q.add("at < ?", micros(w.Until))
	}
	return q
}

// of is the end of a query for the window of the rows with these conditions.
func (w Window) of(q *conditions) string {
	limit := w.Limit
	if limit == 0 {
		limit = 100
	}
	direction := "DESC"
	if w.OldestFirst {
		direction = "ASC"
	}
	return fmt.Sprintf("WHERE %s ORDER BY at %s, id %s", q, direction, direction) + q.page(w.First, limit)
}
