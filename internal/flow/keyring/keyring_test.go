package keyring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

var now = time.Date(2026, 11, 21, 9, 15, 0, 0, time.UTC)

// signing are the JWS algorithms that a realm can sign with.
var signing = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"}

// ready are the keys that a new realm has and one for each algorithm, made once: RSA takes its time.
var ready = sync.OnceValue(func() map[string]*realm.KeyProvider {
	out := map[string]*realm.KeyProvider{}
	for alg, kind := range map[string]string{"RS256": "rsa-generated", "RSA-OAEP": "rsa-enc-generated", "HS512": "hmac-generated", "AES": "aes-generated"} {
		p := &realm.KeyProvider{Key: "key-" + alg, Name: kind, Kind: kind, Algorithm: alg, Priority: 100, Enabled: true, Active: true}
		if err := keyring.Complete(p, "shop", now); err != nil {
			panic(err)
		}
		out[alg] = p
	}
	rsa := out["RS256"]
	var err error
	for _, alg := range signing {
		switch {
		case out[alg] != nil:
		case rsa.Private != nil && alg[1] == 'S' && (alg[0] == 'R' || alg[0] == 'P'): // the same key, for another algorithm
			p := *rsa
			p.Key, p.Algorithm = "key-"+alg, alg
			out[alg] = &p
		default:
			if out[alg], err = keyring.Fallback("shop", alg, now); err != nil {
				panic(err)
			}
		}
	}
	return out
})

// provider is a copy of the ready provider for alg, changed as told.
func provider(alg string, change ...func(*realm.KeyProvider)) *realm.KeyProvider {
	p := *ready()[alg]
	for _, c := range change {
		c(&p)
	}
	return &p
}

func passive(p *realm.KeyProvider)  { p.Active = false }
func disabled(p *realm.KeyProvider) { p.Enabled = false }

// another makes it a provider of its own with a key of its own.
func another(key string, priority int64) func(*realm.KeyProvider) {
	return func(p *realm.KeyProvider) {
		p.Key, p.Priority, p.Kid, p.Private, p.Certificate = key, priority, "", nil, ""
		if err := keyring.Complete(p, "shop", now); err != nil {
			panic(err)
		}
	}
}

func realmWith(providers ...*realm.KeyProvider) *realm.Realm {
	d := realm.New("realm-key", realm.Settings{Name: "shop", Enabled: true})
	for _, p := range providers {
		d.PutKey(p)
	}
	return d.Realm()
}

// full is a realm with a key for every algorithm, and those that do not sign.
func full() *realm.Realm {
	var all []*realm.KeyProvider
	for _, p := range ready() {
		all = append(all, p)
	}
	return realmWith(all...)
}

func claims() *token.Claims {
	scope := "openid email"
	return &token.Claims{
		ID: "trrtcc:4b0c", Type: token.TypBearer, Issuer: "https://id.example/realms/shop", Subject: "edf51fcc", Audience: []string{"orders", "billing"}, Client: "gateway",
		Scope: &scope, Expires: 1795252921, IssuedAt: 1795252621, Other: token.Object{{Name: "name", Value: "Zoë “Z” Müller"}},
	}
}

func mustSign(t testing.TB, k *keyring.Keyring, r *realm.Realm, alg string) string {
	t.Helper()
	compact, err := k.Sign(t.Context(), r, alg, "JWT", claims())
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestSignAndVerify(t *testing.T) {
	k, r := keyring.New(nil, nil), full()
	for _, alg := range signing {
		t.Run(alg, func(t *testing.T) {
			got, err := k.Verify(r, mustSign(t, k, r, alg))
			if err != nil {
				t.Fatal(err)
			}
			want := token.Verified{Claims: *claims(), Origin: token.Origin{Session: token.Transient, Grant: token.ByClientCredentials}, KeyID: ready()[alg].Kid, Alg: alg}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOthersVerify: what we sign is good to go-jose, with the keys that we publish.
func TestOthersVerify(t *testing.T) {
	k, r := keyring.New(nil, nil), full()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(k.Public(r), &set); err != nil {
		t.Fatal(err)
	}
	for _, alg := range signing {
		t.Run(alg, func(t *testing.T) {
			jws, err := jose.ParseSignedCompact(mustSign(t, k, r, alg), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			var key any = ready()[alg].Private
			if !strings.HasPrefix(alg, "HS") {
				i := slices.IndexFunc(set.Keys, func(j jose.JSONWebKey) bool { return j.KeyID == jws.Signatures[0].Header.KeyID && j.Algorithm == alg })
				if i < 0 {
					t.Fatalf("no key %q for %s is published", jws.Signatures[0].Header.KeyID, alg)
				}
				if !set.Keys[i].IsPublic() || !set.Keys[i].Valid() {
					t.Fatal("what is published is no valid public key")
				}
				key = set.Keys[i].Key
			}
			payload, err := jws.Verify(key)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(claims().AppendJSON(nil)), string(payload)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOthersSign: what go-jose signs with a realm's key is good to us.
func TestOthersSign(t *testing.T) {
	k, r := keyring.New(nil, nil), full()
	for _, alg := range signing {
		t.Run(alg, func(t *testing.T) {
			got, err := k.Verify(r, joseSign(t, alg, parsed(t, ready()[alg]), ready()[alg].Kid))
			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != "edf51fcc" {
				t.Errorf("subject is %q", got.Subject)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	k, r := keyring.New(nil, nil), realmWith(provider("ES256"))
	for _, typ := range []string{"JWT", "at+jwt", "secevent+jwt"} {
		compact, err := k.Sign(t.Context(), r, "ES256", typ, claims())
		if err != nil {
			t.Fatal(err)
		}
		jws, err := token.Open(compact)
		if err != nil {
			t.Fatal(err)
		}
		if want := (token.Header{Alg: "ES256", Typ: typ, Kid: ready()["ES256"].Kid}); jws.Header != want {
			t.Errorf("header is %+v, want %+v", jws.Header, want)
		}
	}
}

func TestRealmsOwnAlgorithm(t *testing.T) {
	k := keyring.New(nil, nil)
	for _, c := range []struct{ realm, want string }{{"", "RS256"}, {"ES256", "ES256"}} {
		r := full()
		r.SignatureAlg = c.realm
		jws, err := token.Open(mustSign(t, k, r, ""))
		if err != nil {
			t.Fatal(err)
		}
		if jws.Header.Alg != c.want {
			t.Errorf("realm with %q signed by %s, want %s", c.realm, jws.Header.Alg, c.want)
		}
	}
}

// TestPriority: the active key of highest priority signs, all enabled ones verify, as recorded in
// certs.json of Keycloak.
func TestPriority(t *testing.T) {
	first := provider("ES256", another("a", 100))
	second := provider("ES256", another("b", 200))
	resting := provider("ES256", another("c", 300), passive)
	off := provider("ES256", another("d", 400), disabled)
	k, r := keyring.New(nil, nil), realmWith(first, second, resting, off)

	jws, err := token.Open(mustSign(t, k, r, "ES256"))
	if err != nil {
		t.Fatal(err)
	}
	if jws.Header.Kid != second.Kid {
		t.Errorf("signed by %q, want the active key of highest priority, %q", jws.Header.Kid, second.Kid)
	}
	for _, c := range []struct {
		name string
		by   *realm.KeyProvider
		want error
	}{{"of lower priority", first, nil}, {"passive", resting, nil}, {"disabled", off, keyring.ErrUnknownKey}} {
		if _, err := k.Verify(r, joseSign(t, "ES256", parsed(t, c.by), c.by.Kid)); err != c.want {
			t.Errorf("token of a key that is %s: %v, want %v", c.name, err, c.want)
		}
	}
	if diff := cmp.Diff([]string{resting.Kid, second.Kid, first.Kid}, published(t, k, r)); diff != "" {
		t.Error(diff)
	}
}

// published are the ids of the realm's published keys, in their order.
func published(t *testing.T, k *keyring.Keyring, r *realm.Realm) (ids []string) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(k.Public(r), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}

func TestEqualPriority(t *testing.T) {
	a, b := provider("ES256", another("a", 100)), provider("EdDSA", another("b", 100))
	k := keyring.New(nil, nil)
	if diff := cmp.Diff([]string{a.Kid, b.Kid}, published(t, k, realmWith(b, a))); diff != "" {
		t.Errorf("keys of equal priority stand in the order of their providers' ids: %s", diff)
	}
}

func TestPublicWithoutKeys(t *testing.T) {
	for name, r := range map[string]*realm.Realm{"no keys": realmWith(), "secrets only": realmWith(provider("HS512"), provider("AES"))} {
		if got := string(keyring.New(nil, nil).Public(r)); got != `{"keys":[]}` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestChangedRealm: a keyring sees each version of a realm, and a new realm under an old one's key and version.
func TestChangedRealm(t *testing.T) {
	k := keyring.New(nil, nil)
	before := realmWith(provider("ES256"))
	compact := mustSign(t, k, before, "ES256")
	if _, err := k.Verify(before, compact); err != nil {
		t.Fatal(err)
	}
	after := realmWith(provider("ES256", another("new", 100)))
	if _, err := k.Verify(after, compact); err != keyring.ErrUnknownKey {
		t.Errorf("a realm that lacks the key: %v, want %v", err, keyring.ErrUnknownKey)
	}
	if _, err := k.Verify(before, compact); err != nil {
		t.Errorf("the earlier version no longer verifies: %v", err)
	}
}

// memory keeps one realm, as a store would.
type memory struct {
	mu    sync.Mutex
	realm *realm.Realm
	edits int
}

func (m *memory) Realm(context.Context, string) (*realm.Realm, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.realm, nil
}

func (m *memory) Edit(_ context.Context, _ string, edit func(*realm.Draft) ([]event.Admin, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := realm.Edit(m.realm)
	if _, err := edit(d); err != nil {
		return err
	}
	m.realm = m.realm.With(m.realm.Version+1, d.Changes())
	m.edits++
	return nil
}

func TestFallback(t *testing.T) {
	for _, alg := range signing {
		t.Run(alg, func(t *testing.T) {
			store := &memory{realm: realmWith()}
			k := keyring.New(store, func() time.Time { return now })
			tokens := make([]string, 8)
			var wg sync.WaitGroup
			for i := range tokens {
				wg.Go(func() { tokens[i], _ = k.Sign(t.Context(), realmWith(), alg, "JWT", claims()) })
			}
			wg.Wait()
			for _, compact := range tokens {
				if _, err := k.Verify(store.realm, compact); err != nil {
					t.Error(err)
				}
			}
			keys := store.realm.Keys()
			if len(keys) != 1 || store.edits != 1 {
				t.Fatalf("%d keys were made in %d edits, want one in one", len(keys), store.edits)
			}
			if p := keys[0]; p.Name != "fallback-"+alg || p.Priority != -100 || p.Algorithm != alg || !p.Active || !p.Enabled {
				t.Errorf("made %s for %s with priority %d", p.Name, p.Algorithm, p.Priority)
			}
		})
	}
}

func TestFallbackOfUnknownAlgorithm(t *testing.T) {
	store := &memory{realm: realmWith(provider("RS256"))}
	for _, alg := range []string{"none", "RSA-OAEP", "rs256", "ES256K"} {
		if _, err := keyring.New(store, time.Now).Sign(t.Context(), store.realm, alg, "JWT", claims()); err == nil {
			t.Errorf("signed by %q", alg)
		}
	}
	if store.edits != 0 {
		t.Error("the realm was edited")
	}
	if _, err := keyring.New(nil, nil).Sign(t.Context(), store.realm, "ES256", "JWT", claims()); err == nil {
		t.Error("a keyring without a store signed with a key that the realm lacks")
	}
}

// rotate adds a key for alg above all others, as administrators do.
func rotate(d *realm.Draft, alg string) (*realm.KeyProvider, error) {
	p, err := keyring.Fallback("shop", alg, now)
	if err != nil {
		return nil, err
	}
	for _, k := range d.Realm().Keys() {
		p.Priority = max(p.Priority, k.Priority+10)
	}
	d.PutKey(p)
	return p, nil
}

// TestRotation: the key with the highest priority signs, and tokens of those below stay good.
func TestRotation(t *testing.T) {
	k := keyring.New(nil, nil)
	before := realmWith(provider("ES256"), provider("RS256"))
	old := mustSign(t, k, before, "ES256")

	d := realm.Edit(before)
	made, err := rotate(d, "ES256")
	if err != nil {
		t.Fatal(err)
	}
	after := before.With(2, d.Changes())
	jws, err := token.Open(mustSign(t, k, after, "ES256"))
	if err != nil {
		t.Fatal(err)
	}
	if jws.Header.Kid != made.Kid || made.Kid == ready()["ES256"].Kid {
		t.Errorf("signed by %q, want the new key %q", jws.Header.Kid, made.Kid)
	}
	if _, err := k.Verify(after, old); err != nil {
		t.Errorf("a token of the old key: %v", err)
	}
	if got := len(published(t, k, after)); got != 3 {
		t.Errorf("%d keys are published, want 3", got)
	}
}

// TestRotationUnderLoad: while keys are rotated every token is signed, and good to who has the version it was signed under or a later one.
func TestRotationUnderLoad(t *testing.T) {
	store := &memory{realm: realmWith(provider("ES256"), provider("HS512"))}
	k := keyring.New(store, func() time.Time { return now })
	algs := []string{"ES256", "HS512", "EdDSA"} // EdDSA: made on the way
	done := make(chan struct{})
	errs := make(chan error, 64)
	var workers sync.WaitGroup
	for i := range 16 {
		workers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				r, _ := store.Realm(t.Context(), "shop")
				compact, err := k.Sign(t.Context(), r, algs[(i+n)%len(algs)], "JWT", claims())
				if err == nil {
					r, _ = store.Realm(t.Context(), "shop")
					_, err = k.Verify(r, compact)
				}
				if err == nil && len(k.Public(r)) == 0 {
					err = fmt.Errorf("nothing is published")
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for range 20 {
		err := store.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
			_, err := rotate(d, "ES256")
			return nil, err
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(done)
	workers.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if n := len(store.realm.Keys()); n != 23 {
		t.Errorf("the realm has %d keys, want 2, 20 rotated and one made for EdDSA", n)
	}
}
