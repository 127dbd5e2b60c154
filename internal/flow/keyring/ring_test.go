package keyring

import (
	"runtime"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestUnchangedKeysAreKept: a new version of a realm does not have its keys parsed again.
func TestUnchangedKeysAreKept(t *testing.T) {
	p, err := Fallback("shop", "ES256", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := realm.New("key", realm.Settings{Name: "shop"})
	d.PutKey(p)
	before := d.Realm()
	k := New(nil, nil)
	first := k.ring(before)
	if k.ring(before) != first {
		t.Error("the ring of the same version was made twice")
	}

	d = realm.Edit(before)
	d.PutClient(&realm.Client{Key: "c", ID: "gateway"})
	second := k.ring(before.With(1, d.Changes()))
	if second == first || second.signing["ES256"] != first.signing["ES256"] {
		t.Error("a new version needs a new ring with the same key")
	}

	changed := *p
	changed.Active = false
	d = realm.Edit(before)
	d.PutKey(&changed)
	if third := k.ring(before.With(2, d.Changes())); third.signing["ES256"] != nil || len(third.keys) != 1 {
		t.Error("a key made passive still signs")
	}
}

// TestSnapshotsAreNotHeld: the ring of a realm does not keep the realm in memory.
func TestSnapshotsAreNotHeld(t *testing.T) {
	k := New(nil, nil)
	gone := make(chan struct{})
	func() {
		r := *realm.New("key", realm.Settings{Name: "shop"}).Realm() // on the heap by itself
		k.ring(&r)
		runtime.AddCleanup(&r, func(struct{}) { close(gone) }, struct{}{})
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("the snapshot was never freed")
}
