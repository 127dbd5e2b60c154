package store

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// LogKey signs what is said of the decision log. It is made of the master key: the database does not have it.
func (s *Store) LogKey() ed25519.PrivateKey { return s.key.Signing("decision log") }

func (s *Store) logPublic() ed25519.PublicKey { return s.LogKey().Public().(ed25519.PublicKey) }

// mostChains is how many chains of one name there may be in a realm: one for each process that runs at the same time, or
// that ended without giving its own back.
const mostChains = 1000

// ClaimChain gives a process the chain of this name in a realm, and where it ends. Where another process has it, or its
// end is not what was signed, it gives one whose name has a number behind it. In a database that is not shared no other
// process runs: who has a chain there has crashed.
func (s *Store) ClaimChain(ctx context.Context, realmKey, name, owner string) (node string, end ledger.Link, err error) {
	err = s.db.Change(ctx, func(tx engine.Tx) error {
		if err := tx.Lock(ctx, "decision log "+realmKey); err != nil {
			return err
		}
		for n := 1; n <= mostChains; n++ {
			if node = name; n > 1 {
				node += "-" + strconv.Itoa(n)
			}
			var free bool
			if free, end, err = s.chainFree(ctx, tx, realmKey, node, owner); err != nil || free {
				break
			}
		}
		if err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO decision_chain (realm, node, owner, seq, hash, head, checkpoint) VALUES ($1, $2, $3, 0, $4, '', '')
			ON CONFLICT (realm, node) DO UPDATE SET owner = $3`, realmKey, node, owner, ledger.Hash{}.String())
		return err
	})
	if err != nil {
		return "", end, fmt.Errorf("claim a chain of the decision log: %w", err)
	}
	return node, end, nil
}

// chainFree tells whether a process may write to a chain, and where that ends.
func (s *Store) chainFree(ctx context.Context, tx engine.Tx, realmKey, node, owner string) (free bool, end ledger.Link, err error) {
	var of, hash, head string
	err = tx.One(ctx, `SELECT owner, seq, hash, head FROM decision_chain WHERE realm = $1 AND node = $2`, []any{realmKey, node}, &of, &end.Seq, &hash, &head)
	if isNoRows(err) {
		return true, ledger.Link{}, nil
	}
	if err != nil {
		return false, end, err
	}
	if of != "" && of != owner && s.db.Shared() {
		return false, end, nil
	}
	if err := end.Hash.UnmarshalText([]byte(hash)); err != nil || !s.endsSo(end, realmKey, node, head) {
		s.log.Error("the end of a chain of the decision log is not what was signed: another chain is begun", "realm", realmKey, "node", node)
		return false, end, nil
	}
	return true, end, nil
}

// endsSo tells whether a signed head says that a chain ends here. One without a line has no head.
func (s *Store) endsSo(end ledger.Link, realmKey, node, head string) bool {
	if end == (ledger.Link{}) {
		return head == ""
	}
	said, err := ledger.ReadStatement([]byte(head), s.logPublic())
	return err == nil && said.Says == ledger.Head && said.Realm == realmKey && len(said.Chains) == 1 &&
		said.Chains[0].Node == node && said.Chains[0].To == end
}

// ExtendChain adds to a chain, all of the batch or nothing. It is fault.ErrStale where the chain does not end where the
// batch begins, or is another process's by now.
func (s *Store) ExtendChain(ctx context.Context, b ledger.Batch) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		owner := b.Owner
		if b.Release {
			owner = ""
		}
		n, err := tx.Exec(ctx, `UPDATE decision_chain SET seq = $3, hash = $4, head = $5, owner = $6
			WHERE realm = $1 AND node = $2 AND seq = $7 AND hash = $8 AND owner = $9`,
			b.Realm, b.Node, b.End.Seq, b.End.Hash.String(), string(b.Head), owner, b.After.Seq, b.After.Hash.String(), b.Owner)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrStale
		}
		return tx.Send(ctx, logStatements(b))
	})
	if err != nil && !errors.Is(err, fault.ErrStale) {
		return fmt.Errorf("write to the decision log: %w", err)
	}
	return err
}

func logStatements(b ledger.Batch) []engine.Statement {
	var out []engine.Statement
	for _, l := range b.Lines {
		out = append(out, engine.Statement{SQL: `INSERT INTO decision_log (realm, node, seq, at, line) VALUES ($1, $2, $3, $4, $5)`,
			Args: []any{b.Realm, b.Node, l.Seq, micros(l.At), string(l.Text)}})
	}
	if b.Keep {
		out = append(out, engine.Statement{SQL: `INSERT INTO decision_head (realm, node, seq, head) VALUES ($1, $2, $3, $4)`,
			Args: []any{b.Realm, b.Node, b.End.Seq, string(b.Head)}})
	}
	return out
}

// LogChains calls head for each signed head and checkpoint of a realm's chains, of all realms where the key is empty, the
// kept ones too, and line for each record, those of a chain in their order. All are as they were at one moment.
func (s *Store) LogChains(ctx context.Context, realmKey string, head, line func(text []byte) error) error {
	err := s.db.View(ctx, func(r engine.Reader) error {
		for _, query := range []string{
			`SELECT checkpoint FROM decision_chain WHERE ($1 = '' OR realm = $1) AND checkpoint <> '' ORDER BY realm, node`,
			`SELECT head FROM decision_chain WHERE ($1 = '' OR realm = $1) AND head <> '' ORDER BY realm, node`,
			`SELECT head FROM decision_head WHERE ($1 = '' OR realm = $1) ORDER BY realm, node, seq`,
		} {
			if err := eachText(ctx, r, query, []any{realmKey}, head); err != nil {
				return err
			}
		}
		return eachText(ctx, r, `SELECT line FROM decision_log WHERE ($1 = '' OR realm = $1) ORDER BY realm, node, seq`, []any{realmKey}, line)
	})
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	return nil
}

// LogHeads are the signed heads of a realm's chains.
func (s *Store) LogHeads(ctx context.Context, realmKey string) (out [][]byte, err error) {
	err = eachText(ctx, s.db, `SELECT head FROM decision_chain WHERE realm = $1 AND head <> '' ORDER BY node`, []any{realmKey}, func(text []byte) error {
		out = append(out, text)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the heads of the decision log: %w", err)
	}
	return out, nil
}

// LogLines calls line for the records of a selection, those of a chain together and in their order.
func (s *Store) LogLines(ctx context.Context, q ledger.Selection, line func(text []byte) error) error {
	until := int64(forever)
	if !q.Until.IsZero() {
		until = micros(q.Until)
	}
	err := eachText(ctx, s.db, `SELECT l.line FROM decision_log l JOIN
		(SELECT node, MIN(seq) AS low, MAX(seq) AS high FROM decision_log WHERE realm = $1 AND at >= $2 AND at < $3 GROUP BY node) w
		ON l.node = w.node AND l.seq >= w.low AND l.seq <= w.high WHERE l.realm = $1 ORDER BY l.node, l.seq`,
		[]any{q.Realm, micros(q.Since), until}, line)
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	return nil
}

func eachText(ctx context.Context, r engine.Reader, query string, args []any, row func([]byte) error) error {
	return r.Each(ctx, query, args, func(scan engine.Scan) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		return row([]byte(text))
	})
}

// sweepAtOnce is how many records go in one transaction.
const sweepAtOnce = 1000

// sweepLog drops what is older than at, and leaves a signed checkpoint in its place.
func (s *Store) sweepLog(ctx context.Context, realmKey string, at int64) error {
	if at == 0 {
		return nil
	}
	var nodes []string
	err := eachText(ctx, s.db, `SELECT DISTINCT node FROM decision_log WHERE realm = $1 AND at < $2`, []any{realmKey, at}, func(node []byte) error {
		nodes = append(nodes, string(node))
		return nil
	})
	if err != nil {
		return err
	}
	for _, node := range nodes {
		for more := true; more; {
			err := s.db.Change(ctx, func(tx engine.Tx) (err error) {
				more, err = s.sweepChain(ctx, tx, realmKey, node, at)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepChain drops some of the oldest records of a chain, and tells whether there may be more.
func (s *Store) sweepChain(ctx context.Context, tx engine.Tx, realmKey, node string, at int64) (more bool, err error) {
	if err := tx.Lock(ctx, "decision log "+realmKey); err != nil { // of two that sweep, the second finds it done
		return false, err
	}
	var last ledger.Link
	var line string
	err = tx.One(ctx, `SELECT seq, line FROM (SELECT seq, line FROM decision_log WHERE realm = $1 AND node = $2 AND
		seq < COALESCE((SELECT MIN(seq) FROM decision_log WHERE realm = $1 AND node = $2 AND at >= $3), $4) ORDER BY seq LIMIT $5) oldest
		ORDER BY seq DESC LIMIT 1`, []any{realmKey, node, at, int64(forever), int64(sweepAtOnce)}, &last.Seq, &line)
	if isNoRows(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	last.Hash = ledger.HashOf([]byte(line))
	checkpoint, err := ledger.Statement{Says: ledger.Checkpoint, Realm: realmKey, At: s.now().Truncate(time.Second),
		Chains: []ledger.Reach{{Node: node, To: last}}}.Sign(s.LogKey())
	if err != nil {
		return false, err
	}
	return true, tx.Send(ctx, []engine.Statement{
		{SQL: `UPDATE decision_chain SET checkpoint = $3 WHERE realm = $1 AND node = $2`, Args: []any{realmKey, node, string(checkpoint)}},
		{SQL: `DELETE FROM decision_log WHERE realm = $1 AND node = $2 AND seq <= $3`, Args: []any{realmKey, node, last.Seq}},
		{SQL: `DELETE FROM decision_head WHERE realm = $1 AND node = $2 AND seq <= $3`, Args: []any{realmKey, node, last.Seq}},
	})
}
