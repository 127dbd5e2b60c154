package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// publisher serves a key set that tests change, and counts how often it was asked.
type publisher struct {
	set   atomic.Pointer[[]byte] // nil: the server fails
	asked atomic.Int32
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	body := p.set.Load()
	if body == nil {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(*body)
}

func (p *publisher) publish(t *testing.T, kids ...string) {
	t.Helper()
	set := map[string]any{}
	keys := []any{map[string]string{"kty": "unknown", "kid": "odd"}, map[string]string{"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric"}}
	for _, kid := range kids {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid}, jose.JSONWebKey{Key: key, KeyID: kid + "-private"})
	}
	set["keys"] = keys
	body, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	p.set.Store(&body)
}

// site is a publisher behind a URL, a client that may fetch from it, and the client's clock.
func site(t *testing.T) (p *publisher, keys func(kid string) ([]string, error), pass func(time.Duration)) {
	p = &publisher{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	now := time.Unix(1_700_000_000, 0)
	c := New(Config{AllowPrivate: true, Now: func() time.Time { return now }})
	keys = func(kid string) ([]string, error) {
		found, err := c.Keys(t.Context(), server.URL, kid)
		var names []string
		for _, k := range found {
			names = append(names, k.KeyID)
		}
		return names, err
	}
	return p, keys, func(d time.Duration) { now = now.Add(d) }
}

func TestKeysAreRemembered(t *testing.T) {
	p, keys, pass := site(t)
	p.publish(t, "one")
	for range 3 {
		if got, err := keys("one"); err != nil || len(got) != 1 || got[0] != "one" {
			t.Fatalf("Keys = %v, %v; want the public key alone", got, err)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
	pass(fresh + time.Second)
	if _, err := keys("one"); err != nil || p.asked.Load() != 2 {
		t.Errorf("an old set is not fetched again: asked %d times, %v", p.asked.Load(), err)
	}
}

func TestKeysOfARotation(t *testing.T) {
	p, keys, pass := site(t)
	p.publish(t, "one")
	if _, err := keys("one"); err != nil {
		t.Fatal(err)
	}
	p.publish(t, "two")
	if got, err := keys("two"); err != nil || len(got) != 1 || got[0] != "two" {
		t.Errorf("Keys = %v, %v; want the new key", got, err)
	}
	ask := func(want int32, names ...string) {
		t.Helper()
		for range 5 {
			for _, name := range names {
				if _, err := keys(name); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := p.asked.Load(); n != want {
			t.Errorf("after %v: fetched %d times, want %d", names, n, want)
		}
	}
	ask(3, "made up")
	pass(again)
	ask(4, "made up") // it may have been published meanwhile
	pass(again)
	ask(4, "made up")
}

// TestFloodOfUnknownKeys: strangers who make up names of keys make the publisher answer five times, and then once in ten
// seconds; a key that is new is there at the next fetch, whoever asked for it.
func TestFloodOfUnknownKeys(t *testing.T) {
	p, keys, pass := site(t)
	p.publish(t, "one")
	flood := func(want int32) {
		t.Helper()
		for i := range 50 {
			if _, err := keys("made up " + strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := p.asked.Load(); n != want {
			t.Errorf("fetched %d times, want %d", n, want)
		}
	}
	if _, err := keys("one"); err != nil {
		t.Fatal(err)
	}
	flood(inRow)
	p.publish(t, "one", "two")
	pass(every / 2)
	flood(inRow)
	pass(every / 2)
	flood(inRow + 1)
	if got, err := keys("two"); err != nil || len(got) != 2 {
		t.Errorf("Keys = %v, %v; want the new key", got, err)
	}
	pass(inRow * every) // peace: the next rotation is seen at once
	p.publish(t, "three")
	if got, err := keys("three"); err != nil || len(got) != 1 || got[0] != "three" {
		t.Errorf("Keys = %v, %v; want the new key", got, err)
	}
}

func TestKeysWhenFetchingFails(t *testing.T) {
	p, keys, pass := site(t)
	if _, err := keys("one"); err == nil {
		t.Fatal("no error though the publisher fails")
	}
	p.publish(t, "one")
	if _, err := keys("one"); err == nil {
		t.Error("fetched again within the pause")
	}
	pass(every)
	if _, err := keys("one"); err != nil {
		t.Fatal(err)
	}
	p.set.Store(nil)
	pass(fresh + time.Second)
	if got, err := keys("one"); err != nil || len(got) != 1 {
		t.Errorf("Keys = %v, %v; want those seen last", got, err)
	}
	pass(stale)
	if _, err := keys("one"); err == nil {
		t.Error("keys are believed long after they were seen")
	}
}
