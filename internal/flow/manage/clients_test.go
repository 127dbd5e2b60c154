package manage_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

var actor = event.Actor{Realm: "m", Client: "cli", UserID: "root", Address: "127.0.0.1"}

// author is actor, as the author of a change now.
func author() audit.Author {
	return audit.Author{Actor: actor, Now: time.Now(), NewID: uuid.NewString}
}

// shop is a store with a realm that records admin events with their details.
func shop(t *testing.T) (*store.Store, *manage.Clients, *manage.Scopes) {
	t.Helper()
	m, st := realms(t)
	load(t, m, `{"realm": "shop", "adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
		"clients": [{"id": "web", "clientId": "web", "secret": "hush", "attributes": {"my.own": "kept"}, "protocolMappers": [
			{"name": "old", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "exp"}}]}]}`)
	return st, &manage.Clients{Store: st}, &manage.Scopes{Store: st}
}

// recorded are the realm's admin events, newest first, without those of its import.
func recorded(t *testing.T, st *store.Store) []event.Admin {
	t.Helper()
	events, err := st.AdminEvents(t.Context(), find(t, st, "shop").Key, event.AdminQuery{}, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(events, func(e event.Admin) bool { return e.ResourceType == "REALM" })
}

// disabled is an update that switches a client off.
var disabled = keycloak.Object{"enabled": json.RawMessage("false")}

// TestSetEnabled switches a client off, and records who did, without the client's secret.
func TestSetEnabled(t *testing.T) {
	st, clients, _ := shop(t)
	if err := clients.Update(t.Context(), author(), "shop", "web", disabled); err != nil {
		t.Fatal(err)
	}
	c := find(t, st, "shop").Client("web")
	if c.Enabled || c.Secret != "hush" {
		t.Errorf("client: %+v", c)
	}
	extra, err := st.Extra(t.Context(), find(t, st, "shop").Key, realm.KindClient, "web")
	if err != nil || !strings.Contains(string(extra["attributes"]), "kept") {
		t.Errorf("what is not acted on was lost: %v, %v", extra, err)
	}
	events := recorded(t, st)
	if len(events) != 1 {
		t.Fatalf("events: %+v", events)
	}
	e := events[0]
	if e.Operation != "UPDATE" || e.ResourceType != "CLIENT" || e.ResourcePath != "clients/web" || e.Actor != actor {
		t.Errorf("event: %+v", e)
	}
	if strings.Contains(e.Representation, "hush") || e.Representation != `{"enabled":false}` {
		t.Errorf("representation: %s", e.Representation)
	}
}

// TestEditRefuses changes nothing and records nothing where the edit or the check fails.
func TestEditRefuses(t *testing.T) {
	st, clients, scopes := shop(t)
	mapper := realm.Mapper{Name: "m", Kind: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.name": "x", "claim.value": "1"}}
	reserved := realm.Mapper{Protocol: "openid-connect", Name: "r", Kind: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.name": "act.sub", "claim.value": "1"}}
	var invalid *fault.Invalid
	isInvalid := func(err error) bool { return errors.As(err, &invalid) }
	for _, c := range []struct {
		name string
		do   func() error
		want func(error) bool
	}{
		{"no realm", func() error { return clients.Update(t.Context(), author(), "none", "web", disabled) }, is(fault.ErrNotFound)},
		{"no client", func() error { return clients.Update(t.Context(), author(), "shop", "none", disabled) }, is(fault.ErrNotFound)},
		{"bad redirect", func() error {
			return clients.Update(t.Context(), author(), "shop", "web", keycloak.Object{"redirectUris": json.RawMessage(`["javascript:x"]`)})
		}, isInvalid},
		{"T17 reserved claim", func() error {
			o := keycloak.Object{}
			o.Put("protocolMappers", []keycloak.Object{keycloak.FromMapper(reserved)})
			return clients.Update(t.Context(), author(), "shop", "web", o)
		}, isInvalid},
		{"T17 reserved claim in a scope", func() error {
			_, err := scopes.Create(t.Context(), author(), "shop", keycloak.FromClientScope(&realm.ClientScope{Name: "s", Protocol: "openid-connect", Mappers: []realm.Mapper{reserved}}))
			return err
		}, isInvalid},
		{"scope that is there", func() error {
			_, err := scopes.Create(t.Context(), author(), "shop", keycloak.FromClientScope(&realm.ClientScope{Name: "profile", Protocol: "openid-connect"}))
			return err
		}, is(fault.ErrConflict)},
		{"mapper in no scope", func() error {
			_, err := (&manage.Mappers{Store: st}).Add(t.Context(), author(), manage.Owner{Realm: "shop", Kind: realm.KindScope, Key: "none"}, keycloak.FromMapper(mapper))
			return err
		}, is(fault.ErrNotFound)},
		{"scope that is not", func() error { return clients.AssignScope(t.Context(), author(), "shop", "web", "none", manage.Default) }, is(fault.ErrNotFound)},
	} {
		if err := c.do(); !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if events := recorded(t, st); len(events) != 0 {
		t.Errorf("events: %+v", events)
	}
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

// TestAudienceScope does what puts an audience into a client's tokens: a client scope, a mapper in it,
// and the scope given to the client. The mapper of a reserved claim that an import brought is no
// hindrance.
func TestAudienceScope(t *testing.T) {
	st, clients, scopes := shop(t)
	key, err := scopes.Create(t.Context(), author(), "shop", keycloak.FromClientScope(&realm.ClientScope{Name: "good-service", Protocol: "openid-connect", InToken: true}))
	if err != nil {
		t.Fatal(err)
	}
	mapper := keycloak.FromMapper(realm.Mapper{Name: "audience", Kind: "oidc-audience-mapper", Config: map[string]string{"included.client.audience": "good-service"}})
	mappers, owner := &manage.Mappers{Store: st}, manage.Owner{Realm: "shop", Kind: realm.KindScope, Key: key}
	if _, err := mappers.Add(t.Context(), author(), owner, mapper); err != nil {
		t.Fatal(err)
	}
	if _, err := mappers.Add(t.Context(), author(), owner, mapper); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("the same mapper again: %v", err)
	}
	for range 2 { // the second time nothing happens
		if err := clients.AssignScope(t.Context(), author(), "shop", "web", key, manage.Default); err != nil {
			t.Fatal(err)
		}
	}
	if err := clients.AssignScope(t.Context(), author(), "shop", "web", key, manage.Optional); err != nil {
		t.Fatal(err)
	}
	r := find(t, st, "shop")
	c, s := r.Client("web"), r.Scope("good-service")
	if n := len(c.DefaultScopes); c.DefaultScopes[n-1] != key || slices.Contains(c.DefaultScopes[:n-1], key) || slices.Contains(c.OptionalScopes, key) {
		t.Errorf("client has %v and %v", c.DefaultScopes, c.OptionalScopes)
	}
	if len(s.Mappers) != 1 || s.Mappers[0].Key == "" || s.Mappers[0].Protocol != "openid-connect" {
		t.Errorf("scope: %+v", s)
	}
	if events := recorded(t, st); len(events) != 5 || events[len(events)-1].Operation != "CREATE" || events[len(events)-1].ResourcePath != "client-scopes/"+key {
		t.Errorf("events: %+v", events)
	}
}
