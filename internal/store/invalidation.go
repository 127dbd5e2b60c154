package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// What a node changes, the others learn from the table invalidation, which only grows. Each node
// reads it when it is notified, and twice a second in case a notification was lost.
//
// Sequence numbers are counted up in a row of their own, whose lock a transaction holds from then to
// its commit. So numbers have no gaps and become visible in their order: who has read up to one has
// missed none below it, which a database's own sequences do not promise (a transaction that drew a
// lower number may commit after one that drew a higher). The price is that transactions with news
// commit one after the other; they take the lock last, and only changes of configuration and users,
// ends of sessions and revocations have news.
//
// What the reader has not confirmed for a second is not trusted: whoever asks then reads the news
// first. So a node that was cut off from its database answers with an error, and not with what may
// be outdated.
//
// A SQLite database belongs to one process, which drops from its caches what it changes. If another
// process writes to it all the same, as an import on the command line, everything is dropped within
// half a second.

// Kinds of news, beside the kinds of configuration documents.
const (
	kindGone    = "gone" // a realm was deleted
	kindUser    = "user"
	kindGroup   = "group"
	kindSession = "session"
	kindRevoked = "revoked"
)

const (
	channel   = "tokenhouse_invalidation"
	pollEvery = 500 * time.Millisecond
	trustFor  = time.Second
	keepNews  = time.Hour
)

// notice is one change that others may have in memory.
type notice struct {
	realm, kind, id string
	version         int64 // of the realm, where configuration changed
}

// announce are the statements that tell other nodes of changes. They lock what every announcement
// locks: they come last in their transaction.
func (s *Store) announce(notices ...notice) []engine.Statement {
	if !s.db.Shared() || len(notices) == 0 {
		return nil
	}
	out := []engine.Statement{{
		SQL:  `UPDATE invalidation_head SET seq = seq + $1 WHERE id = 1`,
		Args: []any{int64(len(notices))},
	}}
	at := s.now().UnixMicro()
	for i, n := range notices {
		out = append(out, engine.Statement{
			SQL: `INSERT INTO invalidation (seq, at, realm, kind, id, version)
				SELECT seq - CAST($1 AS BIGINT), CAST($2 AS BIGINT), $3, $4, $5, CAST($6 AS BIGINT) FROM invalidation_head WHERE id = 1`,
			Args: []any{int64(len(notices) - 1 - i), at, n.realm, n.kind, n.id, n.version},
		})
	}
	return append(out, engine.Statement{SQL: `SELECT pg_notify($1, '')`, Args: []any{channel}})
}

// tail is how far the news were read.
type tail struct {
	turn  chan struct{} // holds a token: who has it reads
	seq   int64         // guarded by turn; of a database that is not shared, its foreign version
	start time.Time
	asOf  atomic.Int64 // when what was read last was current, since start
}

// begin starts the tail at the end of the news: nothing is in memory yet.
func (s *Store) begin(ctx context.Context) error {
	s.tail.turn = make(chan struct{}, 1)
	s.tail.start = time.Now()
	var err error
	if s.db.Shared() {
		err = s.db.One(ctx, `SELECT seq FROM invalidation_head WHERE id = 1`, nil, &s.tail.seq)
	} else {
		s.tail.seq, err = s.db.ForeignVersion(ctx)
	}
	if err != nil {
		return err
	}
	if err := s.loadRevoked(ctx); err != nil {
		return err
	}
	s.tail.turn <- struct{}{}
	return nil
}

// confirmed returns once everything that was committed a second ago is known of.
func (s *Store) confirmed(ctx context.Context) error {
	if !s.db.Shared() || s.tail.trusted() {
		return nil
	}
	return s.catchUp(ctx, s.tail.trusted)
}

func (t *tail) trusted() bool { return t.since(t.asOf.Load()) < trustFor }

// clock is the time since the tail began, which no one can set back.
func (t *tail) clock() int64 { return int64(time.Since(t.start)) }

// since is how long ago a reading of the clock was.
func (t *tail) since(reading int64) time.Duration { return time.Duration(t.clock() - reading) }

// catchUp reads the news, unless somebody else did while this one waited for its turn.
func (s *Store) catchUp(ctx context.Context, done func() bool) error {
	select {
	case <-s.tail.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.tail.turn <- struct{}{} }()
	if done() {
		return nil
	}
	began := s.tail.clock()
	if err := s.readNews(ctx); err != nil {
		return err
	}
	s.tail.asOf.Store(began)
	return nil
}

func (s *Store) readNews(ctx context.Context) error {
	if !s.db.Shared() {
		return s.lookForForeign(ctx)
	}
	var head int64
	var news []notice
	err := s.db.Each(ctx, `SELECT h.seq, COALESCE(i.realm, ''), COALESCE(i.kind, ''), COALESCE(i.id, ''), COALESCE(i.version, 0)
		FROM invalidation_head h LEFT JOIN invalidation i ON i.seq > $1 AND i.seq <= h.seq WHERE h.id = 1 ORDER BY i.seq`,
		[]any{s.tail.seq}, func(scan engine.Scan) error {
			var n notice
			if err := scan(&head, &n.realm, &n.kind, &n.id, &n.version); err != nil {
				return err
			}
			if n.kind != "" {
				news = append(news, n)
			}
			return nil
		})
	if err != nil {
		return err
	}
	if int64(len(news)) != head-s.tail.seq { // pruned since, or the database was restored
		if err := s.forgetAll(ctx); err != nil {
			return err
		}
	} else if err := s.hear(ctx, news); err != nil {
		return err
	}
	s.tail.seq = head
	return nil
}

// hear drops what has changed.
func (s *Store) hear(ctx context.Context, news []notice) error {
	for _, n := range news {
		switch n.kind {
		case kindGone:
			s.forgetRealm(n.realm, n.version)
		case kindUser:
			s.users.drop(userID{n.realm, n.id})
		case kindGroup:
			s.groups.Add(1)
		case kindSession:
			s.dropSession(n.realm, n.id)
		case kindRevoked:
			if err := s.loadRevocation(ctx, n.realm, n.id); err != nil {
				return err
			}
		default:
			if h := s.realms.known(n.realm); h != nil {
				h.heard(n.version)
			}
		}
	}
	return nil
}

// forgetAll drops everything in memory.
func (s *Store) forgetAll(ctx context.Context) error {
	s.realms.forgetAll()
	s.users.clear()
	s.names.clear()
	s.sessions.clear()
	return s.loadRevoked(ctx)
}

// follow reads the news until ctx ends.
func (s *Store) follow(ctx context.Context) {
	wake := make(chan struct{}, 1)
	if s.db.Shared() && !s.pollOnly {
		s.running.Go(func() { s.listen(ctx, wake) })
	}
	every := time.NewTicker(pollEvery)
	defer every.Stop()
	for ok := true; ; {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-wake:
		}
		err := s.catchUp(ctx, func() bool { return false })
		if err != nil && ok && ctx.Err() == nil {
			s.log.Warn("changes of other nodes cannot be read; trying on", "error", err)
		}
		ok = err == nil
	}
}

// listen wakes on notifications; its connection is made anew when it is lost.
func (s *Store) listen(ctx context.Context, wake chan<- struct{}) {
	for ctx.Err() == nil {
		err := s.db.Listen(ctx, channel, func() {
			select {
			case wake <- struct{}{}:
			default: // it is awake
			}
		})
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("notifications of other nodes were interrupted; polling meanwhile", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// lookForForeign drops everything when another process has written to the file.
func (s *Store) lookForForeign(ctx context.Context) error {
	version, err := s.db.ForeignVersion(ctx)
	if err != nil || version == s.tail.seq {
		return err
	}
	if err := s.forgetAll(ctx); err != nil {
		return err
	}
	s.tail.seq = version
	return nil
}
