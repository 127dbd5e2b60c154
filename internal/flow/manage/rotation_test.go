package manage_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// underPolicy gives the shop one client policy, for every client.
func underPolicy(t *testing.T, st *store.Store, executor, configuration string) {
	t.Helper()
	p := &manage.Policies{Store: st}
	profiles := `[{"name":"p","executors":[{"executor":"` + executor + `","configuration":` + configuration + `}]}]`
	if err := p.SetProfiles(t.Context(), author(), "shop", keycloak.Object{"profiles": json.RawMessage(profiles)}); err != nil {
		t.Fatal(err)
	}
	policies := `[{"name":"q","enabled":true,"conditions":[{"condition":"any-client","configuration":{}}],"profiles":["p"]}]`
	if err := p.SetPolicies(t.Context(), author(), "shop", keycloak.Object{"policies": json.RawMessage(policies)}); err != nil {
		t.Fatal(err)
	}
}

// aging is a client whose secret is good for 1000 s, the former one for 100 s more; it gets another 200 s ahead.
type aging struct {
	*testing.T
	store   *store.Store
	clients *manage.Clients
	began   time.Time
}

func newAging(t *testing.T) aging {
	st, clients, _ := shop(t)
	underPolicy(t, st, "secret-rotation", `{"expiration-period":1000,"rotated-expiration-period":100,"remaining-rotation-period":200}`)
	a := aging{t, st, clients, time.Unix(1_800_000_000, 0)}
	a.update(0)
	if c := a.client(); c.Secret != "hush" || c.RotatedSecret != "" {
		t.Fatalf("its life begins with another secret: %+v", c)
	}
	a.expires(1000)
	return a
}

// update changes the client so many seconds after its life began.
func (a aging) update(after int) {
	a.Helper()
	by := author()
	by.Now = a.began.Add(time.Duration(after) * time.Second)
	if err := a.clients.Update(a.Context(), by, "shop", "web", keycloak.Object{"name": json.RawMessage(`"x"`)}); err != nil {
		a.Fatal(err)
	}
}

// register lets the client change itself.
func (a aging) register(after int) {
	a.Helper()
	by := author()
	by.Now = a.began.Add(time.Duration(after) * time.Second)
	q := manage.Registration{Representation: keycloak.Object{"name": json.RawMessage(`"x"`)}, By: policy.ByRegistration,
		Judge: func(_ *realm.Realm, _, c *realm.Client) (*realm.Client, error) { return c, nil }}
	if _, err := a.clients.Reregister(a.Context(), by, "shop", "web", q); err != nil {
		a.Fatal(err)
	}
}

func (a aging) client() *realm.Client { return find(a.T, a.store, "shop").Client("web") }

// expires wants that the secret is good until then.
func (a aging) expires(after int64) {
	a.Helper()
	kept, err := a.store.Extra(a.Context(), find(a.T, a.store, "shop").Key, realm.KindClient, "web")
	if err != nil {
		a.Fatal(err)
	}
	got := keycloak.Value[map[string]string](keycloak.Object(kept), "attributes")["client.secret.expiration.time"]
	if want := strconv.FormatInt(a.began.Unix()+after, 10); got != want {
		a.Errorf("expires at %s, want %s", got, want)
	}
}

// former wants that the secret before is good until then.
func (a aging) former(secret string, after int) {
	a.Helper()
	c := a.client()
	if c.Secret == secret || c.RotatedSecret != secret || !c.RotatedUntil.Equal(a.began.Add(time.Duration(after)*time.Second)) {
		a.Errorf("%q, before it %q until %v", c.Secret, c.RotatedSecret, c.RotatedUntil)
	}
}

// TestSecretsAge: a secret that has expired gives way to another at the next change, and not before.
func TestSecretsAge(t *testing.T) {
	a := newAging(t)
	a.update(900)
	if a.client().Secret != "hush" {
		t.Error("an administrator's change ends a secret ahead of its time")
	}
	a.expires(1000)
	a.update(1000)
	a.former("hush", 1100)
	a.expires(2000)
}

// TestSecretsAgeAhead: a client that changes itself gets another secret before it would stand without one.
func TestSecretsAgeAhead(t *testing.T) {
	a := newAging(t)
	a.register(799)
	if a.client().Secret != "hush" {
		t.Error("too early")
	}
	a.register(800)
	a.former("hush", 900)
	a.expires(1800)
}

// TestNewSecretsUnderPolicy: the former secret stays good for a while, unless the policy leaves it no time.
func TestNewSecretsUnderPolicy(t *testing.T) {
	a := newAging(t)
	by := author()
	by.Now = a.began.Add(500 * time.Second)
	if _, err := a.clients.NewSecret(t.Context(), by, "shop", "web"); err != nil {
		t.Fatal(err)
	}
	a.former("hush", 600)
	a.expires(1500)

	underPolicy(t, a.store, "secret-rotation", `{"expiration-period":1000,"rotated-expiration-period":0}`)
	if _, err := a.clients.NewSecret(t.Context(), by, "shop", "web"); err != nil {
		t.Fatal(err)
	}
	if c := a.client(); c.RotatedSecret != "" || !c.RotatedUntil.IsZero() {
		t.Errorf("a former secret: %+v", c)
	}

	underPolicy(t, a.store, "reject-request", `{}`)
	before := a.client().Secret
	if _, err := a.clients.NewSecret(t.Context(), by, "shop", "web"); err == nil || a.client().Secret != before {
		t.Errorf("a policy that rejects all lets a secret change: %v", err)
	}
}

// TestUnchangedSecrets: nothing ages where no policy says so, and public clients have nothing that could.
func TestUnchangedSecrets(t *testing.T) {
	st, clients, _ := shop(t)
	if _, err := clients.NewSecret(t.Context(), author(), "shop", "web"); err != nil {
		t.Fatal(err)
	}
	if c := find(t, st, "shop").Client("web"); c.RotatedSecret != "" {
		t.Errorf("%+v", c)
	}
	underPolicy(t, st, "secret-rotation", `{}`)
	if err := clients.Update(t.Context(), author(), "shop", "web", keycloak.Object{"publicClient": json.RawMessage("true")}); err != nil {
		t.Fatal(err)
	}
	kept, err := st.Extra(t.Context(), find(t, st, "shop").Key, realm.KindClient, "web")
	if err != nil {
		t.Fatal(err)
	}
	if at := keycloak.Value[map[string]string](keycloak.Object(kept), "attributes")["client.secret.expiration.time"]; at != "" {
		t.Errorf("expires at %s", at)
	}
}
