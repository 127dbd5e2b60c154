package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

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

// Events are a realm's events, newest first unless the query says otherwise: max of them, or
// all where it is negative, after the first ones. Those that this node recorded before are among them.
func (s *Store) Events(ctx context.Context, realmKey string, q event.Query, first, max int) ([]event.Event, error) {
	c := eventConditions(realmKey, q.Window)
	among(c, "kind", q.Kinds)
	c.equal("client", q.Client)
	c.equal("user_id", q.UserID)
	c.equal("session", q.Session)
	c.equal("address", q.Address)
	if err := s.db.Flush(ctx); err != nil {
		return nil, err
	}
	var out []event.Event
	err := s.db.Each(ctx, `SELECT realm, at, id, realm_name, kind, client, user_id, session, address, error, details, trace FROM event `+eventWindow(c, q.Window)+c.page(first, max),
		c.args, func(scan engine.Scan) error {
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
	if err := s.db.Flush(ctx); err != nil {
		return err
	}
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
		actor, _ := encode(a.Actor) // texts: it cannot fail
		var details any
		if len(a.Details) > 0 {
			details, _ = encode(a.Details) // texts too
		}
		out = append(out, engine.Statement{
			SQL: `INSERT INTO admin_event (realm, at, id, operation, resource_type, resource_path, representation, actor, error, details)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			Args: []any{a.Realm, micros(a.Time), a.ID, a.Operation, a.ResourceType, storable(a.ResourcePath),
				storable(a.Representation), actor, storable(a.Error), details},
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

// AdminEvents are a realm's admin events, newest first unless the query says otherwise: max of them, or
// all where it is negative, after the first ones.
func (s *Store) AdminEvents(ctx context.Context, realmKey string, q event.AdminQuery, first, max int) ([]event.Admin, error) {
	c := eventConditions(realmKey, q.Window)
	among(c, "operation", q.Operations)
	among(c, "resource_type", q.ResourceTypes)
	if q.Path != "" {
		c.add(`resource_path LIKE ? ESCAPE '!'`, like(q.Path))
		begin, _, _ := strings.Cut(q.Path, "*") // SQLite's LIKE takes either case
		c.add(`substr(resource_path, 1, ?) = ?`, utf8.RuneCountInString(begin), begin)
	}
	by(c, "Realm", q.Actor.Realm)
	by(c, "Client", q.Actor.Client)
	by(c, "UserID", q.Actor.UserID)
	by(c, "Address", q.Actor.Address)
	var out []event.Admin
	err := s.db.Each(ctx, `SELECT realm, at, id, operation, resource_type, resource_path, representation, actor, error, details FROM admin_event `+eventWindow(c, q.Window)+c.page(first, max),
		c.args, func(scan engine.Scan) error {
			a, err := scanAdmin(scan)
			out = append(out, a)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read admin events: %w", err)
	}
	return out, nil
}

func scanAdmin(scan engine.Scan) (a event.Admin, err error) {
	var at int64
	var actor, details []byte
	err = scan(&a.Realm, &at, &a.ID, &a.Operation, &a.ResourceType, &a.ResourcePath, &a.Representation, &actor, &a.Error, &details)
	if err != nil {
		return a, err
	}
	a.Time = moment(at)
	err = json.Unmarshal(actor, &a.Actor)
	if details != nil {
		err = errors.Join(err, json.Unmarshal(details, &a.Details))
	}
	return a, err
}

// ClearAdminEvents deletes a realm's admin events.
func (s *Store) ClearAdminEvents(ctx context.Context, realmKey string) error {
	if err := s.sweepEvents(ctx, "admin_event", realmKey, forever); err != nil {
		return fmt.Errorf("clear admin events: %w", err)
	}
	return nil
}

// by adds what a member of the actor is, who is kept as JSON.
func by(c *conditions, member, value string) {
	if value == "" {
		return
	}
	text, _ := encode(value) // a text: it cannot fail
	c.add(`actor LIKE ? ESCAPE '!'`, "%"+like(`"`+member+`":`+text)+"%")
}

func eventConditions(realmKey string, w event.Window) *conditions {
	c := &conditions{}
	c.add("realm = ?", realmKey)
	if !w.Since.IsZero() {
		c.add("at >= ?", micros(w.Since))
	}
	if !w.Until.IsZero() {
		c.add("at < ?", micros(w.Until))
	}
	return c
}

// eventWindow is the end of a query for rows with these conditions, in the order that is asked for.
func eventWindow(c *conditions, w event.Window) string {
	direction := "DESC"
	if w.OldestFirst {
		direction = "ASC"
	}
	return fmt.Sprintf("WHERE %s ORDER BY at %s, id %s", c, direction, direction)
}
