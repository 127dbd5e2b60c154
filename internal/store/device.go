package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// AddDevice keeps a device with its codes. fault.ErrConflict where another one has one of them.
func (s *Store) AddDevice(ctx context.Context, realmKey, code, userCode string, d session.Device) error {
	doc, err := encode(d)
	if err != nil {
		return err
	}
	hash := hashed(code)
	w := &engine.Write{
		Lock: realmKey + hash,
		Statements: []engine.Statement{{
			SQL: `INSERT INTO device (realm, hash, user_hash, decision, session, polled, until, doc) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
				ON CONFLICT DO NOTHING`,
			Args: []any{realmKey, hash, hashed(userCode), string(d.Decision), d.Session, micros(d.Expires), doc},
		}},
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("add device: %w", err)
	}
	if w.Statements[0].Rows == 0 {
		return fmt.Errorf("add device: %w", fault.ErrConflict)
	}
	return nil
}

// Device finds a device by its device code, expired ones too for a while; fault.ErrNotFound.
func (s *Store) Device(ctx context.Context, realmKey, code string) (session.Device, error) {
	d, _, err := s.findDevice(ctx, `hash = $2`, realmKey, hashed(code))
	return d, err
}

// DeviceByUserCode finds a device by the code that its user types, expired ones too for a while. ref names it
// to DecideDevice, and is no secret. fault.ErrNotFound.
func (s *Store) DeviceByUserCode(ctx context.Context, realmKey, userCode string) (d session.Device, ref string, err error) {
	return s.findDevice(ctx, `user_hash = $2`, realmKey, hashed(userCode))
}

// DeviceByRef finds a device by what DeviceByUserCode called it; fault.ErrNotFound.
func (s *Store) DeviceByRef(ctx context.Context, realmKey, ref string) (session.Device, error) {
	d, _, err := s.findDevice(ctx, `hash = $2`, realmKey, ref)
	return d, err
}

// DecideDevice keeps what a user made of a device, with the id of the session where they let it in. The first
// decision stands: fault.ErrStale where there is one already, and fault.ErrNotFound where the device is gone.
func (s *Store) DecideDevice(ctx context.Context, realmKey, ref string, decision session.Decision, sessionID string) error {
	w := &engine.Write{
		Lock: realmKey + ref,
		Statements: []engine.Statement{{
			SQL:  `UPDATE device SET decision = $3, session = $4 WHERE realm = $1 AND hash = $2 AND decision = $5`,
			Args: []any{realmKey, ref, string(decision), sessionID, string(session.Undecided)},
		}},
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("decide on device: %w", err)
	}
	if w.Statements[0].Rows == 1 {
		return nil
	}
	if _, err := s.DeviceByRef(ctx, realmKey, ref); err != nil {
		return err
	}
	return fault.ErrStale
}

// PollDevice counts a poll, by device code; early tells that the one before was less than the interval ago, on
// whichever node. An early one is not counted.
func (s *Store) PollDevice(ctx context.Context, realmKey, code string, interval time.Duration, now time.Time) (early bool, err error) {
	hash := hashed(code)
	w := &engine.Write{
		Lock: realmKey + hash,
		Statements: []engine.Statement{{
			SQL:  `UPDATE device SET polled = $3 WHERE realm = $1 AND hash = $2 AND polled <= $4`,
			Args: []any{realmKey, hash, micros(now), micros(now.Add(-interval))},
		}},
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return false, fmt.Errorf("poll device: %w", err)
	}
	return w.Statements[0].Rows == 0, nil
}

// TakeDevice uses up the device code of a device that was granted: of several that bring it, on whichever node, one
// is first. The others get fault.ErrNotFound.
func (s *Store) TakeDevice(ctx context.Context, realmKey, code string) error {
	hash := hashed(code)
	w := &engine.Write{
		Lock: realmKey + hash,
		Statements: []engine.Statement{{
			SQL:  `DELETE FROM device WHERE realm = $1 AND hash = $2 AND decision = $3`,
			Args: []any{realmKey, hash, string(session.Granted)},
		}},
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("take device: %w", err)
	}
	if w.Statements[0].Rows == 0 {
		return fault.ErrNotFound
	}
	return nil
}

func (s *Store) findDevice(ctx context.Context, condition, realmKey, hash string) (d session.Device, ref string, err error) {
	var doc []byte
	var decision, sessionID string
	err = s.db.One(ctx, `SELECT hash, decision, session, doc FROM device WHERE realm = $1 AND `+condition,
		[]any{realmKey, hash}, &ref, &decision, &sessionID, &doc)
	if err != nil {
		return d, "", s.found(err)
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return d, "", fmt.Errorf("read device: %w", err)
	}
	d.Decision, d.Session = session.Decision(decision), sessionID
	return d, ref, nil
}
