// Package store keeps everything in SQL, on SQLite or PostgreSQL.
//
// Configuration is read as snapshots: one immutable *realm.Realm per realm and version, in memory
// while it is used. Users and sessions are rows, with bounded caches before them. What one node
// changes the others learn from a table of invalidations (invalidation.go), whose reader guards all
// of these caches.
//
// Methods are named for the use case, and each is atomic: no transaction crosses the API. A method
// that writes returned nil only when the write is durable; Record alone does not wait for that.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
	"github.com/tokenhouse/tokenhouse/internal/store/seal"
)

// Config says which database to open, and under which key its secrets are sealed.
type Config struct {
	// URL is "sqlite:PATH", a plain path, or "postgres://…". Empty: a throw-away SQLite database,
	// with a key of its own.
	URL string

	// MasterKey is the base64 of 32 bytes; where empty it is read from KeyFile. With SQLite KeyFile
	// is the database's path with ".key" appended where empty, and made at the first start.
	MasterKey string
	KeyFile   string

	// PollOnly leaves notifications alone, for connection poolers that do not pass them on: the
	// changes of other nodes are then seen within half a second.
	PollOnly bool

	Log *slog.Logger     // slog.Default() where nil
	Now func() time.Time // time.Now where nil
}

// Store keeps everything. It is safe for concurrent use.
type Store struct {
	db       *engine.Database
	key      *seal.Key
	log      *slog.Logger
	now      func() time.Time
	pollOnly bool

	realms   realms
	users    *cache[userID, cachedUser]
	names    *cache[alias, string]
	groups   atomic.Int64 // counts changes of groups
	sessions *cache[sessionID, *sessionState]
	index    searchIndex
	tallies  *tallies
	samples  *samples
	digests  *digests
	revoked  revocations
	tail     tail
	doomed   chan struct{} // wakes who removes the rows of deleted realms

	stop    context.CancelFunc
	running sync.WaitGroup
}

// How many of each stay in memory.
const (
	mostUsers    = 10_000
	mostSessions = 20_000
)

// Open opens the database, brings its schema up to date and checks the master key. A wrong key
// changes nothing.
func Open(ctx context.Context, c Config) (_ *Store, err error) {
	s := &Store{
		log:      c.Log,
		now:      c.Now,
		pollOnly: c.PollOnly,
		users:    newCache[userID, cachedUser](mostUsers),
		names:    newCache[alias, string](2 * mostUsers),
		sessions: newCache[sessionID, *sessionState](mostSessions),
		tallies:  newTallies(),
		samples:  newSamples(),
		digests:  newDigests(),
		doomed:   make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.db, err = engine.Open(ctx, c.URL, s.log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.db.Close())
		}
	}()
	s.index = indexOf(s.db)
	if s.key, err = masterKey(ctx, s.db, c); err != nil {
		return nil, err
	}
	if err := s.indexUsers(ctx); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := s.abandon(ctx); err != nil {
		return nil, err
	}
	var background context.Context
	background, s.stop = context.WithCancel(context.Background())
	s.running.Go(func() { s.follow(background) })
	s.running.Go(func() { s.tidy(background) })
	s.running.Go(func() { s.bury(background) })
	s.running.Go(func() { s.digest(background) })
	return s, nil
}

// Close writes what is queued and closes the database. What is asked of the store afterwards fails.
func (s *Store) Close() error {
	s.stop()
	s.running.Wait()
	return s.db.Close()
}

// Shared tells whether other nodes may use the same database, which they may with PostgreSQL.
func (s *Store) Shared() bool { return s.db.Shared() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// isNoRows tells whether a read found nothing.
func isNoRows(err error) bool { return errors.Is(err, engine.ErrNoRows) }

// found makes of what a read came to what callers are told: no row, and a text that the database
// could not even hold, are fault.ErrNotFound.
func (s *Store) found(err error) error {
	if errors.Is(err, engine.ErrNoRows) || s.db.Malformed(err) {
		return fault.ErrNotFound
	}
	return err
}

// isNotFound tells whether there is nothing of what was looked for.
func isNotFound(err error) bool { return errors.Is(err, fault.ErrNotFound) }

// fails makes of a failed write what callers are told.
func (s *Store) fails(err error) error {
	switch table, column, taken := s.db.Duplicate(err); {
	case err == nil:
		return nil
	case taken:
		if column == "public" {
			column = "id"
		}
		return &fault.Conflict{Kind: kindOfTable[table], Field: column}
	case s.db.Orphan(err):
		return fault.ErrNotFound
	case s.db.Malformed(err):
		return fmt.Errorf("%w: %w", &fault.Invalid{Message: "text that cannot be stored"}, err)
	}
	return err
}

var kindOfTable = map[string]string{
	"realm": "realm", "config": "document", "users": "user", "credential": "credential", "realm_group": "group",
}

// micros is a moment as columns hold it; zero for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is what micros made a number of.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
