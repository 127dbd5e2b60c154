package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// EditMembers is Edit with the users and groups of the realm, which change in the same transaction.
func (s *Store) EditMembers(ctx context.Context, name string, edit func(*realm.Draft, user.Members) ([]event.Admin, error)) error {
	return s.edit(ctx, []string{name}, func(tx engine.Tx, drafts []*realm.Draft) (audit []event.Admin, changed bool, err error) {
		m := &members{store: s, ctx: ctx, tx: tx, realmKey: drafts[0].Realm().Key}
		audit, err = edit(drafts[0], m)
		return audit, m.touched, err
	})
}

// members are those of a realm, within the transaction of one edit.
type members struct {
	store    *Store
	ctx      context.Context // of the transaction
	tx       engine.Tx
	realmKey string
	touched  bool
}

func (m *members) CreateUser(a user.Account) error {
	m.touched = true
	if err := m.store.createUser(m.ctx, m.tx, m.realmKey, a, nil); err != nil {
		return fmt.Errorf("create user %q: %w", a.User.Username, m.store.fails(err))
	}
	return nil
}

func (m *members) DeleteUser(id string) error {
	m.touched = true
	err := m.store.found(m.store.deleteUser(m.ctx, m.tx, m.realmKey, id, nil))
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return fmt.Errorf("delete user %s: %w", id, err)
	}
	return nil
}

func (m *members) PutGroup(g *realm.Group) error {
	m.touched = true
	if err := m.store.putGroup(m.ctx, m.tx, m.realmKey, g, nil); err != nil {
		return fmt.Errorf("put group %q: %w", g.Name, m.store.fails(err))
	}
	return nil
}

func (m *members) DeleteGroup(key string) error {
	m.touched = true
	err := m.store.deleteGroup(m.ctx, m.tx, m.realmKey, key, nil)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return fmt.Errorf("delete group %s: %w", key, err)
	}
	return nil
}
