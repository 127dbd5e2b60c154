package grant_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// guarded is a world whose realm locks users after three failures, for a minute.
func guarded(t *testing.T, s *store.Store) *world {
	w := newWorldOn(t, s)
	w.settings(func(s *realm.Settings) {
		s.BruteForce = true
		s.Lockout = realm.Lockout{Factor: 3, Increment: time.Minute, MaxWait: time.Hour, Forget: time.Hour}
	})
	return w
}

func (w *world) try(name, password string) error {
	_, err := w.Password(w.t.Context(), grant.PasswordRequest{Call: as("spa"), Username: &name, Password: password})
	return err
}

const wrongPassword = "Invalid user credentials"

func TestFailuresLockTheUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := guarded(t, s)
		for range 3 {
			w.refused(w.try("alice", "wrong"), 400, oauth.InvalidGrant, wrongPassword, "invalid_user_credentials")
			w.later(time.Second)
		}
		if e := w.events[len(w.events)-2]; e.Kind != event.LockedForTime || e.UserID != "alice" {
			t.Errorf("the lock is recorded as %+v", e)
		}
		w.refused(w.try("alice", "alice"), 400, oauth.InvalidGrant, wrongPassword, "user_temporarily_disabled")
		if err := w.try("bob", "bob"); err != nil {
			t.Errorf("another user is locked: %v", err)
		}
		w.later(time.Minute)
		if err := w.try("alice", "alice"); err != nil {
			t.Errorf("the lock does not end: %v", err)
		}
		w.refused(w.try("alice", "wrong"), 400, oauth.InvalidGrant, wrongPassword, "invalid_user_credentials")
		if err := w.try("alice", "alice"); err != nil {
			t.Errorf("what failed before was not forgotten: %v", err)
		}
	})
}

func TestFailuresDisableTheUser(t *testing.T) {
	w := guarded(t, storetest.SQLite(t))
	w.settings(func(s *realm.Settings) { s.Lockout.Permanent = true })
	for range 3 {
		_ = w.try("alice", "wrong")
		w.later(time.Second)
	}
	w.later(1000 * time.Hour)
	w.refused(w.try("alice", "alice"), 400, oauth.InvalidGrant, wrongPassword, "user_disabled")
	u, err := w.store.User(t.Context(), w.realm().Key, "alice")
	if err != nil || u.Enabled || !u.LockedForGood() {
		t.Errorf("the user is %+v, %v", u, err)
	}
}

// Guesses that come all at once must not learn more than those that come one after the other.
func TestParallelFailuresAreAllCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := guarded(t, s)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _ = w.try("alice", "wrong") })
		}
		all.Wait()
		f, err := w.store.Failures(t.Context(), w.realm().Key, "alice")
		if err != nil || f.Count != 3 || f.Lockouts != 1 {
			t.Errorf("20 failures at once are %+v, %v", f, err)
		}
		w.refused(w.try("alice", "alice"), 400, oauth.InvalidGrant, wrongPassword, "user_temporarily_disabled")
	})
}

func TestWithoutProtectionNobodyIsLocked(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		_ = w.try("alice", "wrong")
	}
	if err := w.try("alice", "alice"); err != nil {
		t.Error(err)
	}
}
