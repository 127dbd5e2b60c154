package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// realms are the snapshots in memory. The zero value is none.
type realms struct {
	byKey   sync.Map // key → *held
	byName  sync.Map // name → *held; a hint, since realms are renamed
	round   atomic.Int64
	emptied atomic.Int64 // counts calls of forgetAll
}

// held is what is in memory of a realm. It is there before the realm is read, so that news that come
// meanwhile have where to go, and stays when the snapshot goes.
//
// Versions of a realm only grow, even when it is deleted and made again (see firstVersion): a
// snapshot that is older than the latest version heard of is not used, whoever put it there when.
type held struct {
	key      string
	snapshot atomic.Pointer[realm.Realm]
	latest   atomic.Int64 // the highest version heard of
	used     atomic.Int64 // the tidying round in which it was last asked for

	reading sync.Mutex // one reads, the others wait for it
}

// of is what is in memory of a realm, made where there is nothing: only for realms that exist.
func (r *realms) of(key string) *held {
	if h := r.known(key); h != nil {
		return h
	}
	h, _ := r.byKey.LoadOrStore(key, &held{key: key})
	return h.(*held)
}

// known is what is in memory of a realm, or nil.
func (r *realms) known(key string) *held {
	h, _ := r.byKey.Load(key)
	known, _ := h.(*held)
	return known
}

// named is what is in memory of a realm that has this name, or had.
func (r *realms) named(name string) *held {
	h, _ := r.byName.Load(name)
	known, _ := h.(*held)
	return known
}

// forget makes every realm be read anew that a condition holds for.
func (r *realms) forget(which func(*held) bool) {
	r.byKey.Range(func(_, v any) bool {
		if h := v.(*held); which(h) {
			h.snapshot.Store(nil)
		}
		return true
	})
}

// forgetAll makes every realm be read anew, also those that are being read.
func (r *realms) forgetAll() {
	r.emptied.Add(1)
	r.forget(func(*held) bool { return true })
}

// keep makes a snapshot the current one, unless a newer one is there already.
func (r *realms) keep(h *held, snap *realm.Realm) {
	for {
		old := h.snapshot.Load()
		if old != nil && old.Version >= snap.Version {
			return
		}
		if h.snapshot.CompareAndSwap(old, snap) {
			break
		}
	}
	r.byName.Store(snap.Name, h)
}

// heard notes that a realm has this version.
func (h *held) heard(version int64) {
	for {
		old := h.latest.Load()
		if old >= version || h.latest.CompareAndSwap(old, version) {
			return
		}
	}
}

// fresh is the snapshot if none newer is known of, or nil.
func (h *held) fresh() *realm.Realm {
	if snap := h.snapshot.Load(); snap != nil && snap.Version >= h.latest.Load() {
		return snap
	}
	return nil
}

// current is the newest version of a realm, read where memory does not have it.
func (s *Store) current(ctx context.Context, h *held) (*realm.Realm, error) {
	if err := s.confirmed(ctx); err != nil {
		return nil, err
	}
	if round := s.realms.round.Load(); h.used.Load() != round {
		h.used.Store(round)
	}
	if snap := h.fresh(); snap != nil {
		return snap, nil
	}
	h.reading.Lock()
	defer h.reading.Unlock()
	if snap := h.fresh(); snap != nil {
		return snap, nil
	}
	emptied := s.realms.emptied.Load()
	var snap *realm.Realm
	err := s.db.View(ctx, func(r engine.Reader) error {
		of := realm.Realm{Key: h.key}
		err := r.One(ctx, `SELECT public, version FROM realm WHERE id = $1 AND hidden = 0`, []any{h.key}, &of.Public, &of.Version)
		if err == nil {
			snap, err = s.readRealm(ctx, r, of, h.snapshot.Load())
		}
		return err
	})
	if err = s.found(err); err != nil {
		return nil, err
	}
	h.heard(snap.Version)
	s.realms.keep(h, snap)
	if s.realms.emptied.Load() != emptied {
		h.snapshot.CompareAndSwap(snap, nil)
	}
	return snap, nil
}

// readRealm reads the version of a realm that is named: what is newer than an older snapshot, where there
// is one, else everything.
func (s *Store) readRealm(ctx context.Context, r engine.Reader, of realm.Realm, older *realm.Realm) (*realm.Realm, error) {
	key, version := of.Key, of.Version
	of.Version = 0
	if older == nil {
		older = &of
	}
	deleted, complete, err := s.touchedSince(ctx, r, older, version)
	if err != nil {
		return nil, err
	}
	if !complete { // too old, or the first
		older = &of
	}
	var changes []realm.Change
	err = r.Each(ctx, `SELECT kind, id, name, doc, sealed FROM config WHERE realm = $1 AND version > $2`,
		[]any{key, older.Version}, func(scan engine.Scan) error {
			var kind, id, name string
			var doc, sealed []byte
			if err := scan(&kind, &id, &name, &doc, &sealed); err != nil {
				return err
			}
			c, err := s.readDocument(key, realm.Kind(kind), id, name, doc, sealed)
			delete(deleted, touched{realm.Kind(kind), id})
			changes = append(changes, c)
			return err
		})
	if err != nil {
		return nil, err
	}
	for t := range deleted { // what was touched and is not there any more
		changes = append(changes, realm.Change{Kind: t.kind, Key: t.key})
	}
	return older.With(version, changes), nil
}

type touched struct {
	kind realm.Kind
	key  string
}

// touchedSince are the documents written or deleted after a snapshot, as the invalidations tell.
// They are complete if those of the very next version are still there, since old ones are pruned
// oldest first, and if the realm was not deleted in between.
func (s *Store) touchedSince(ctx context.Context, r engine.Reader, older *realm.Realm, version int64) (set map[touched]bool, complete bool, err error) {
	if older.Version == 0 {
		return nil, false, nil
	}
	set = map[touched]bool{}
	complete = older.Version == version
	deleted := false
	err = r.Each(ctx, `SELECT kind, id, version FROM invalidation WHERE realm = $1 AND version > $2`,
		[]any{older.Key, older.Version}, func(scan engine.Scan) error {
			var kind, id string
			var v int64
			if err := scan(&kind, &id, &v); err != nil {
				return err
			}
			complete = complete || v == older.Version+1
			deleted = deleted || kind == kindGone
			set[touched{realm.Kind(kind), id}] = true
			return nil
		})
	return set, complete && !deleted, err
}

// longUnused is how many tidying rounds a realm stays in memory without being asked for.
const longUnused = 15

// tidy forgets realms that nobody has asked for in a long time.
func (s *Store) tidy(ctx context.Context) {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			s.forgetUnused()
		}
	}
}

func (s *Store) forgetUnused() {
	round := s.realms.round.Add(1)
	s.realms.forget(func(h *held) bool { return round-h.used.Load() > longUnused })
}
