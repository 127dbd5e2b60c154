package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// EditClients is Edit with the service accounts of clients, which change in the same transaction.
func (s *Store) EditClients(ctx context.Context, name string, edit func(*realm.Draft, user.ServiceAccounts) ([]event.Admin, error)) error {
	return s.edit(ctx, []string{name}, func(tx engine.Tx, drafts []*realm.Draft) (audit []event.Admin, changed bool, err error) {
		accounts := &serviceAccounts{store: s, ctx: ctx, tx: tx, realmKey: drafts[0].Realm().Key}
		audit, err = edit(drafts[0], accounts)
		return audit, accounts.touched, err
	})
}

// serviceAccounts are those of a realm, within the transaction of one edit.
type serviceAccounts struct {
	store    *Store
	ctx      context.Context // of the transaction
	tx       engine.Tx
	realmKey string
	touched  bool
}

func (a *serviceAccounts) Of(clientKey string) (*user.User, error) {
	var doc []byte
	err := a.store.found(a.tx.One(a.ctx, byServiceAccountDoc, []any{a.realmKey, clientKey}, &doc))
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read service account: %w", err)
	}
	u, err := parseUser(doc, nil)
	return &u, err
}

const byServiceAccountDoc = `SELECT doc FROM users WHERE realm = $1 AND service_account = $2 ORDER BY username LIMIT 1`

func (a *serviceAccounts) Create(u user.User) error {
	a.touched = true
	return a.store.fails(a.store.createUser(a.ctx, a.tx, a.realmKey, user.Account{User: u}, nil))
}

func (a *serviceAccounts) Rename(id, username string) error {
	a.touched = true
	return a.store.fails(a.store.editUser(a.ctx, a.tx, a.realmKey, id, func(account *user.Account) ([]event.Admin, error) {
		account.User.Username = username
		return nil, nil
	}))
}

func (a *serviceAccounts) Grant(id, role string) error {
	a.touched = true
	return a.store.fails(a.store.editUser(a.ctx, a.tx, a.realmKey, id, func(account *user.Account) ([]event.Admin, error) {
		if !slices.Contains(account.User.Roles, role) {
			account.User.Roles = append(account.User.Roles, role)
		}
		return nil, nil
	}))
}

func (a *serviceAccounts) Delete(id string) error {
	a.touched = true
	return a.store.found(a.store.deleteUser(a.ctx, a.tx, a.realmKey, id, nil))
}

// EndGrants ends what a client holds in all sessions of the realm, some at a time so that writers wait
// little, and leaves the sessions. It is for clients that are gone: another may come with their key.
func (s *Store) EndGrants(ctx context.Context, realmKey, clientKey string) error {
	for ended := pageSize; ended == pageSize; {
		var news []notice
		err := s.db.Change(ctx, func(tx engine.Tx) error {
			news = nil
			err := tx.Each(ctx, `DELETE FROM session_grant WHERE realm = $1 AND client = $2 AND session IN
				(SELECT session FROM session_grant WHERE realm = $1 AND client = $2 LIMIT $3) RETURNING session`,
				[]any{realmKey, clientKey, int64(pageSize)}, func(scan engine.Scan) error {
					n := notice{realm: realmKey, kind: kindSession}
					err := scan(&n.id)
					news = append(news, n)
					return err
				})
			if err != nil || len(news) == 0 {
				return err
			}
			tx.Committed(func() { _ = s.hear(ctx, news) }) // of sessions: it cannot fail
			return tx.Send(ctx, s.announce(news...))
		})
		if err != nil {
			return fmt.Errorf("end grants of client %s: %w", clientKey, s.fails(err))
		}
		if ended = len(news); ended > pageSize { // online and offline sessions of one id
			ended = pageSize
		}
	}
	return nil
}
