package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Account is a user with credentials and Extra, read anew and the caller's to change; fault.ErrNotFound.
func (s *Store) Account(ctx context.Context, realmKey, id string) (user.Account, error) {
	var a user.Account
	err := s.db.View(ctx, func(r engine.Reader) error {
		var doc, extra []byte
		err := r.One(ctx, `SELECT doc, extra FROM users WHERE realm = $1 AND id = $2`, []any{realmKey, id}, &doc, &extra)
		if err != nil {
			return s.found(err)
		}
		a, err = s.account(ctx, r, realmKey, id, doc, extra)
		return err
	})
	return a, err
}

// account completes a user's row with the credentials.
func (s *Store) account(ctx context.Context, r engine.Reader, realmKey, id string, doc, extra []byte) (a user.Account, err error) {
	if a.User, err = parseUser(doc, extra); err != nil {
		return a, err
	}
	a.Credentials, err = s.readCredentials(ctx, r, realmKey, id)
	return a, err
}

// CreateUser adds a user. fault.ErrConflict where the id, the username, or an address or a link that is to be the
// user's own is taken, fault.ErrNotFound where there is no such realm.
func (s *Store) CreateUser(ctx context.Context, realmKey string, a user.Account, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error { return s.createUser(ctx, tx, realmKey, a, audit) })
	if err != nil {
		return fmt.Errorf("create user %q: %w", a.User.Username, s.fails(err))
	}
	return nil
}

func (s *Store) createUser(ctx context.Context, tx engine.Tx, realmKey string, a user.Account, audit []event.Admin) error {
	if err := claimEmail(ctx, tx, realmKey, &a); err != nil {
		return err
	}
	if err := claimLinks(ctx, tx, realmKey, nil, &a); err != nil {
		return err
	}
	batch, err := s.userStatements(realmKey, a)
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, append(batch, adminStatements(audit)...)); err != nil {
		return err
	}
	found := searchedOf(&a.User)
	return s.count(ctx, tx, realmKey, &found, 1)
}

// userStatements add a user, and do not count them in their range.
func (s *Store) userStatements(realmKey string, a user.Account) ([]engine.Statement, error) {
	columns, err := userColumns(realmKey, a.User)
	if err != nil {
		return nil, err
	}
	out := []engine.Statement{{
		SQL: `INSERT INTO users (realm, id, username, email, service_account, doc, extra, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`,
		Args: columns,
	}}
	credentials, err := s.credentialStatements(realmKey, a.User.ID, a.Credentials)
	if err != nil {
		return nil, err
	}
	found := searchedOf(&a.User)
	out = append(append(out, credentials...), linkStatements(realmKey, &a.User)...)
	return append(out, s.putSearched(realmKey, a.User.ID, &found)...), nil
}

// userColumns are realm, id, username, email, service_account, doc and extra. Names and addresses
// are kept in lower case, and so found in any.
func userColumns(realmKey string, u user.User) ([]any, error) {
	u.Username, u.Email = strings.ToLower(u.Username), strings.ToLower(u.Email)
	doc, err := encode(u)
	if err != nil {
		return nil, err
	}
	extra, err := extraText(u.Extra)
	return []any{realmKey, u.ID, u.Username, filled(u.Email), filled(u.ServiceAccount), doc, extra}, err
}

// filled is a text as columns have it that are NULL where there is none.
func filled(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// linkStatements write by which roles and groups a user is found.
func linkStatements(realmKey string, u *user.User) []engine.Statement {
	var out []engine.Statement
	for _, role := range u.Roles {
		out = append(out, engine.Statement{
			SQL:  `INSERT INTO user_role (realm, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (realm, user_id, role) DO NOTHING`,
			Args: []any{realmKey, u.ID, role},
		})
	}
	for _, group := range u.GroupKeys {
		out = append(out, engine.Statement{
			SQL:  `INSERT INTO user_group (realm, user_id, group_id) VALUES ($1, $2, $3) ON CONFLICT (realm, user_id, group_id) DO NOTHING`,
			Args: []any{realmKey, u.ID, group},
		})
	}
	return out
}

// EditUser changes a user. Counting the row's version up first locks it, so that parallel edits
// queue. The account has credentials and Extra; Extra that the edit sets to nil stays as it is.
// fault.ErrNotFound, fault.ErrConflict. The edit may run again, and must not call the store.
func (s *Store) EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error { return s.editUser(ctx, tx, realmKey, id, edit) })
	if err != nil {
		return fmt.Errorf("edit user %s: %w", id, s.fails(err))
	}
	return nil
}

func (s *Store) editUser(ctx context.Context, tx engine.Tx, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error {
	var doc, extra []byte
	err := tx.One(ctx, `UPDATE users SET version = version + 1 WHERE realm = $1 AND id = $2 RETURNING doc, extra`,
		[]any{realmKey, id}, &doc, &extra)
	if err != nil {
		return s.found(err)
	}
	before, err := s.account(ctx, tx, realmKey, id, doc, extra)
	if err != nil {
		return err
	}
	a, err := s.account(ctx, tx, realmKey, id, doc, extra) // another copy: an edit may change what before points to
	if err != nil {
		return err
	}
	audit, err := edit(&a)
	if err != nil {
		return err
	}
	a.User.ID = id
	if a.User.Email != before.User.Email {
		if err := claimEmail(ctx, tx, realmKey, &a); err != nil {
			return err
		}
	}
	if err := claimLinks(ctx, tx, realmKey, before.User.Links, &a); err != nil {
		return err
	}
	batch, err := s.updateStatements(realmKey, before, a)
	if err != nil {
		return err
	}
	tx.Committed(func() { s.users.drop(userID{realmKey, id}) })
	if err := tx.Send(ctx, append(batch, adminStatements(audit)...)); err != nil {
		return err
	}
	was, is := searchedOf(&before.User), searchedOf(&a.User)
	if err := s.changeSearched(ctx, tx, realmKey, id, &was, &is); err != nil {
		return err
	}
	return tx.Send(ctx, s.announce(notice{realm: realmKey, kind: kindUser, id: id}))
}

func (s *Store) updateStatements(realmKey string, before, a user.Account) ([]engine.Statement, error) {
	u := &a.User
	columns, err := userColumns(realmKey, *u)
	if err != nil {
		return nil, err
	}
	out := []engine.Statement{{
		SQL: `UPDATE users SET username = $3, email = $4, service_account = $5, doc = $6, extra = COALESCE($7, extra)
			WHERE realm = $1 AND id = $2`,
		Args: columns,
	}}
	if !slices.Equal(before.User.Roles, u.Roles) || !slices.Equal(before.User.GroupKeys, u.GroupKeys) {
		out = append(out,
			engine.Statement{SQL: `DELETE FROM user_role WHERE realm = $1 AND user_id = $2`, Args: []any{realmKey, u.ID}},
			engine.Statement{SQL: `DELETE FROM user_group WHERE realm = $1 AND user_id = $2`, Args: []any{realmKey, u.ID}})
		out = append(out, linkStatements(realmKey, u)...)
	}
	out = append(out, dropProviderTokens(realmKey, &before.User, u)...)
	changed, err := s.changedCredentials(realmKey, u.ID, before.Credentials, a.Credentials)
	return append(out, changed...), err
}

// DeleteUser removes a user and ends their sessions; fault.ErrNotFound.
func (s *Store) DeleteUser(ctx context.Context, realmKey, id string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error { return s.deleteUser(ctx, tx, realmKey, id, audit) })
	if err != nil {
		return fmt.Errorf("delete user %s: %w", id, s.found(err))
	}
	return nil
}

func (s *Store) deleteUser(ctx context.Context, tx engine.Tx, realmKey, id string, audit []event.Admin) error {
	var doc []byte
	err := tx.One(ctx, `DELETE FROM users WHERE realm = $1 AND id = $2 RETURNING doc`, []any{realmKey, id}, &doc)
	if err != nil {
		return err
	}
	u, err := parseUser(doc, nil)
	if err != nil {
		return err
	}
	news, err := endSessions(ctx, tx, realmKey, `user_id = $2`, id)
	if err != nil {
		return err
	}
	news = append(news, notice{realm: realmKey, kind: kindUser, id: id})
	tx.Committed(func() { _ = s.hear(ctx, news) }) // of users and sessions: it cannot fail
	found := searchedOf(&u)
	if err := tx.Send(ctx, append(s.dropSearched(realmKey, id, &found), adminStatements(audit)...)); err != nil {
		return err
	}
	if err := s.count(ctx, tx, realmKey, &found, -1); err != nil {
		return err
	}
	return tx.Send(ctx, s.announce(news...))
}

// Users streams all users of a realm by username, as they are at one moment, in constant memory.
func (s *Store) Users(ctx context.Context, realmKey string) iter.Seq2[user.Account, error] {
	return func(yield func(user.Account, error) bool) {
		err := s.db.View(ctx, func(r engine.Reader) error {
			for after := ""; ; {
				page, err := s.usersAfter(ctx, r, realmKey, after)
				if err != nil || len(page) == 0 {
					return err
				}
				for _, a := range page {
					if !yield(a, nil) {
						return nil
					}
				}
				after = page[len(page)-1].User.Username
			}
		})
		if err != nil {
			yield(user.Account{}, fmt.Errorf("read users: %w", err))
		}
	}
}

// pageSize is how many users are read at once.
const pageSize = 500

func (s *Store) usersAfter(ctx context.Context, r engine.Reader, realmKey, after string) ([]user.Account, error) {
	var page []user.Account
	places := map[string]int{} // by id
	err := r.Each(ctx, `SELECT doc, extra FROM users WHERE realm = $1 AND username > $2 ORDER BY username LIMIT $3`,
		[]any{realmKey, after, int64(pageSize)}, func(scan engine.Scan) error {
			var doc, extra []byte
			if err := scan(&doc, &extra); err != nil {
				return err
			}
			u, err := parseUser(doc, extra)
			places[u.ID] = len(page)
			page = append(page, user.Account{User: u})
			return err
		})
	if err != nil || len(page) == 0 {
		return nil, err
	}
	last := page[len(page)-1].User.Username
	return page, s.eachCredential(ctx, r, `SELECT user_id, id, sealed FROM credential WHERE realm = $1 AND user_id IN
		(SELECT id FROM users WHERE realm = $1 AND username > $2 AND username <= $3) ORDER BY user_id, place`,
		[]any{realmKey, after, last}, func(userID string, c user.Credential) {
			a := &page[places[userID]]
			a.Credentials = append(a.Credentials, c)
		})
}
