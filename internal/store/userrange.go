package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// rangeSize is about how many users a range has; one that has grown to twice as many is split.
var rangeSize = 1000 // a variable for tests

// userRange is a row of user_range.
type userRange struct {
	low, high string
	people    int
	accounts  int
	changes   int64
}

// bound adds that users u are in the range.
func (r *userRange) bound(c *conditions) {
	c.add("u.username >= ?", r.low)
	if r.high != "" {
		c.add("u.username < ?", r.high)
	}
}

// count adds a user to the range of their name, or with -1 takes them out, or with 0 notes that they changed.
func (s *Store) count(ctx context.Context, tx engine.Tx, realmKey string, u *searched, one int64) error {
	people, accounts := one, int64(0)
	if u.account {
		people, accounts = 0, one
	}
	const attempts = 20
	for range attempts {
		var r userRange
		var in, of int64
		// The row may have been split while this waited for its lock: high is looked at then, unlike what
		// is selected below.
		err := tx.One(ctx, `UPDATE user_range SET people = people + $3, accounts = accounts + $4, changes = changes + 1
			WHERE realm = $1 AND low = (SELECT MAX(low) FROM user_range WHERE realm = $1 AND low <= $2) AND (high = '' OR high > $2)
			RETURNING low, high, people, accounts`, []any{realmKey, u.username, people, accounts}, &r.low, &r.high, &in, &of)
		if isNoRows(err) {
			continue
		}
		if r.people, r.accounts = int(in), int(of); err == nil && r.people+r.accounts > 2*rangeSize {
			err = s.split(ctx, tx, realmKey, r)
		}
		return err
	}
	return fmt.Errorf("the users of realm %s are not counted", realmKey)
}

// split makes two ranges of one, whose row is locked.
func (s *Store) split(ctx context.Context, tx engine.Tx, realmKey string, r userRange) error {
	within := &conditions{}
	within.add("realm = ?", realmKey)
	within.add("username >= ?", r.low)
	if r.high != "" {
		within.add("username < ?", r.high)
	}
	var middle string
	where, args := within.String(), within.args
	err := tx.One(ctx, `SELECT username FROM user_search WHERE `+where+` ORDER BY username`+within.page(rangeSize, 1), within.args, &middle)
	if err != nil {
		return err
	}
	var people, accounts int64
	err = tx.One(ctx, `SELECT COALESCE(SUM(CASE WHEN account THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN account THEN 1 ELSE 0 END), 0)
		FROM user_search WHERE `+where+fmt.Sprintf(" AND username >= $%d", len(args)+1), append(args[:len(args):len(args)], middle), &people, &accounts)
	if err != nil {
		return err
	}
	return tx.Send(ctx, []engine.Statement{{
		SQL:  `UPDATE user_range SET high = $3, people = people - $4, accounts = accounts - $5 WHERE realm = $1 AND low = $2`,
		Args: []any{realmKey, r.low, middle, people, accounts},
	}, s.rangeStatement(realmKey, userRange{low: middle, high: r.high, people: int(people), accounts: int(accounts)})})
}

// rangeStatement adds a range. Its changes begin with the time, so that it is not taken for one that was
// there before.
func (s *Store) rangeStatement(realmKey string, r userRange) engine.Statement {
	return engine.Statement{
		SQL:  `INSERT INTO user_range (realm, low, high, people, accounts, changes) VALUES ($1, $2, $3, $4, $5, $6)`,
		Args: []any{realmKey, r.low, r.high, int64(r.people), int64(r.accounts), s.now().UnixMicro()},
	}
}

// newRanges are the statements that add the ranges of a realm whose users nobody changes meanwhile.
func (s *Store) newRanges(ctx context.Context, r engine.Reader, realmKey string) ([]engine.Statement, error) {
	ranges := []userRange{{}}
	err := r.Each(ctx, `SELECT MIN(username), SUM(CASE WHEN account THEN 0 ELSE 1 END), SUM(CASE WHEN account THEN 1 ELSE 0 END)
		FROM (SELECT username, account, (ROW_NUMBER() OVER (ORDER BY username) - 1) / CAST($2 AS BIGINT) AS n FROM user_search WHERE realm = $1) ranked
		GROUP BY n ORDER BY n`, []any{realmKey, int64(rangeSize)}, func(scan engine.Scan) error {
		var low string
		var people, accounts int64
		if err := scan(&low, &people, &accounts); err != nil {
			return err
		}
		last := &ranges[len(ranges)-1]
		if last.people+last.accounts > 0 {
			last.high = low
			ranges = append(ranges, userRange{low: low})
			last = &ranges[len(ranges)-1]
		}
		last.people, last.accounts = int(people), int(accounts)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]engine.Statement, len(ranges))
	for i, u := range ranges {
		out[i] = s.rangeStatement(realmKey, u)
	}
	return out, nil
}

// readRanges are the ranges of a realm in their order.
func readRanges(ctx context.Context, r engine.Reader, realmKey string) ([]userRange, error) {
	var out []userRange
	err := r.Each(ctx, `SELECT low, high, people, accounts, changes FROM user_range WHERE realm = $1 ORDER BY low`, []any{realmKey},
		func(scan engine.Scan) error {
			var u userRange
			var people, accounts int64
			err := scan(&u.low, &u.high, &people, &accounts, &u.changes)
			u.people, u.accounts = int(people), int(accounts)
			out = append(out, u)
			return err
		})
	return out, err
}
