package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// rotatingRealm has a client for each of two algorithms, which may look into each other's tokens.
const rotatingRealm = `{"realm": "turning", "enabled": true, "sslRequired": "none",
	"clients": [
		{"clientId": "slow", "secret": "s", "serviceAccountsEnabled": true, "attributes": {"access.token.signed.response.alg": "RS256", "allow.token.introspection.without.audience.check": "true"}},
		{"clientId": "fast", "secret": "s", "serviceAccountsEnabled": true, "attributes": {"access.token.signed.response.alg": "ES256", "allow.token.introspection.without.audience.check": "true"}}
	]}`

// TestRotation turns the keys of a realm while tokens are issued and looked into over HTTP: none fails,
// and those of former keys are good until their key is disabled.
func TestRotation(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) { rotation(t, db) })
	}
}

func rotation(t *testing.T, db database) {
	s, base := start(t, db.open(t), map[string][]byte{"turning.json": []byte(rotatingRealm)})
	turning := clients{base + "/realms/turning/protocol/openid-connect"}
	keys := &manage.Components{Store: s.Store()}
	author := audit.Author{Actor: event.Actor{Client: "test"}, Now: time.Now(), NewID: uuid.NewString}
	algs := map[string]string{"slow": "RS256", "fast": "ES256"}

	first := map[string]string{}
	for client := range algs {
		compact, err := turning.issue(client)
		if err != nil {
			t.Fatal(err)
		}
		first[client] = compact
	}

	var workers sync.WaitGroup
	var done atomic.Bool
	var looked atomic.Int64
	for i := range 6 {
		client, other := "slow", "fast"
		if i%2 == 1 {
			client, other = other, client
		}
		workers.Go(func() {
			for !done.Load() {
				compact, err := turning.issue(client)
				for _, held := range []string{compact, first[client], first[other]} {
					active := false
					if err == nil {
						active, err = turning.active(other, held)
					}
					if err == nil && !active {
						err = fmt.Errorf("a token of %s is not active", client)
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
				looked.Add(1)
			}
		})
	}
	for round := range 4 {
		for _, alg := range algs {
			if _, err := keys.Create(t.Context(), author, "turning", newKey(alg, 200+round)); err != nil {
				t.Error(err)
			}
		}
		for before := looked.Load(); looked.Load() == before && !t.Failed(); { // each key is to be used
			time.Sleep(time.Millisecond)
		}
	}
	done.Store(true)
	workers.Wait()

	for client, alg := range algs {
		last, err := turning.issue(client)
		if err != nil {
			t.Fatal(err)
		}
		if kid(t, last) == kid(t, first[client]) {
			t.Errorf("%s: the first key still signs", alg)
		}
		if err := keys.Update(t.Context(), author, "turning", provider(t, s.Store(), kid(t, first[client])), switchedOff); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			compact string
			want    bool
		}{{first[client], false}, {last, true}} {
			if active, err := turning.active("fast", c.compact); err != nil || active != c.want {
				t.Errorf("%s: a token is active: %v, want %v; %v", alg, active, c.want, err)
			}
		}
	}
}

// newKey is the representation of a key provider that makes a key.
func newKey(alg string, priority int) keycloak.Object {
	settings := map[string][]string{"priority": {strconv.Itoa(priority)}, "algorithm": {alg}}
	kind := "rsa-generated"
	if alg == "ES256" {
		kind, settings = "ecdsa-generated", map[string][]string{"priority": settings["priority"], "ecdsaEllipticCurveKey": {"P-256"}}
	}
	o := keycloak.Object{}
	o.Put("name", fmt.Sprint(alg, priority))
	o.Put("providerId", kind)
	o.Put("providerType", keycloak.KeyProviderType)
	o.Put("config", settings)
	return o
}

// switchedOff is the change that lets a key neither sign nor verify.
var switchedOff = keycloak.Object{"config": json.RawMessage(`{"enabled":["false"],"active":["false"]}`)}

// clients talk to the endpoints at a URL.
type clients struct{ at string }

func (c clients) issue(client string) (compact string, err error) {
	var a struct {
		AccessToken string `json:"access_token"`
	}
	err = c.post("/token", &a, url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {"s"}})
	return a.AccessToken, err
}

func (c clients) active(client, compact string) (bool, error) {
	var a struct {
		Active bool `json:"active"`
	}
	err := c.post("/token/introspect", &a, url.Values{"token": {compact}, "client_id": {client}, "client_secret": {"s"}})
	return a.Active, err
}

func (c clients) post(path string, into any, form url.Values) error {
	resp, err := http.PostForm(c.at+path, form)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

func kid(t *testing.T, compact string) string {
	t.Helper()
	opened, err := token.Open(compact)
	if err != nil {
		t.Fatal(err)
	}
	return opened.Header.Kid
}

// provider is the key of the key provider with this key id.
func provider(t *testing.T, realms manage.ComponentStore, kid string) string {
	t.Helper()
	r, err := realms.Realm(t.Context(), "turning")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range r.Keys() {
		if k.Kid == kid {
			return k.Key
		}
	}
	t.Fatalf("no provider has the key %s", kid)
	return ""
}
