package manage_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// works is a store with a realm whose role "clerk" is included and carried everywhere, and whose client
// scope "api" is used in all ways there are.
func works(t *testing.T, st *store.Store) {
	t.Helper()
	m := &manage.Realms{Store: st, Now: time.Now, NewID: uuid.NewString}
	load(t, m, `{"realm": "works", "adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
		"roles": {"realm": [{"id": "clerk", "name": "clerk", "description": "files"},
			{"id": "chief", "name": "chief", "composites": {"realm": ["clerk"]}}]},
		"clientScopes": [{"id": "api", "name": "api", "protocol": "openid-connect"}, {"id": "plain", "name": "plain", "protocol": "openid-connect"}],
		"defaultDefaultClientScopes": ["api", "plain"],
		"clients": [{"id": "web", "clientId": "web", "fullScopeAllowed": false, "redirectUris": ["https://web.example/cb"],
				"defaultClientScopes": ["api", "plain"]},
			{"id": "app", "clientId": "app", "optionalClientScopes": ["api"]}],
		"scopeMappings": [{"client": "web", "roles": ["clerk"]}, {"clientScope": "api", "roles": ["clerk"]}]}`)
}

func at(key string) manage.RoleAt {
	return manage.RoleAt{Realm: "works", Key: key, Path: "roles/" + key}
}

func object(pairs ...any) keycloak.Object {
	o := keycloak.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Put(pairs[i].(string), pairs[i+1])
	}
	return o
}

// TestDeleteRole takes the role from all that refers to it: a new role of its name is another one.
func TestDeleteRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		works(t, st)
		roles := &manage.Roles{Store: st}
		if err := roles.Delete(t.Context(), author(), at("clerk")); err != nil {
			t.Fatal(err)
		}
		err := roles.Create(t.Context(), author(), manage.NewRole{Realm: "works", Representation: object("id", "clerk", "name", "clerk"), Path: "roles/clerk"})
		if err != nil {
			t.Fatal(err)
		}
		r := find(t, st, "works")
		if again := r.Role(realm.RoleRef{Name: "clerk"}); again == nil || again.Key == "clerk" {
			t.Errorf("the new role: %+v", again)
		}
		for what, keys := range map[string][]string{"chief includes": r.RoleByKey("chief").Composites,
			"web carries": r.Client("web").ScopeMappings, "api carries": r.Scope("api").ScopeMappings} {
			if len(keys) != 0 {
				t.Errorf("%s %v", what, keys)
			}
		}
		if err := roles.Delete(t.Context(), author(), at("clerk")); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a role that is gone: %v", err)
		}
		var invalid *fault.Invalid
		if err := roles.Delete(t.Context(), author(), at(r.DefaultRole)); !errors.As(err, &invalid) || find(t, st, "works").RoleByKey(r.DefaultRole) == nil {
			t.Errorf("the default role: %v", err)
		}
	})
}

// TestUpdateRole keeps the attributes that the representation does not speak of, and no description that it
// does not have.
func TestUpdateRole(t *testing.T) {
	st := storetest.SQLite(t)
	works(t, st)
	roles := &manage.Roles{Store: st}
	for _, o := range []keycloak.Object{
		object("name", "clerk", "attributes", map[string][]string{"level": {"1"}}, "description", "files"),
		object("name", "scribe"),
	} {
		if err := roles.Update(t.Context(), author(), at("clerk"), o); err != nil {
			t.Fatal(err)
		}
	}
	r := find(t, st, "works")
	role := *r.RoleByKey("clerk")
	var err error
	if role.Extra, err = st.Extra(t.Context(), r.Key, realm.KindRole, "clerk"); err != nil {
		t.Fatal(err)
	}
	want := object("id", "clerk", "name", "scribe", "composite", false, "clientRole", false, "containerId", r.Key, "attributes", map[string][]string{"level": {"1"}})
	if diff := cmp.Diff(want, keycloak.FromRole(r, &role)); diff != "" {
		t.Error(diff)
	}
	if err := roles.Update(t.Context(), author(), at("clerk"), object("name", "chief")); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("a name that is taken: %v", err)
	}
}

// TestParallelEdits changes one realm from many sides at once, as Terraform does: nothing is lost.
func TestParallelEdits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		works(t, st)
		roles, mappers, carried := &manage.Roles{Store: st}, &manage.Mappers{Store: st}, &manage.Carried{Store: st}
		owner := manage.Owner{Realm: "works", Kind: realm.KindClient, Key: "web", Path: "clients/web"}
		const each = 20
		var all sync.WaitGroup
		for i := range each {
			name := fmt.Sprintf("part-%02d", i)
			all.Go(func() {
				n := manage.NewRole{Realm: "works", Representation: object("name", name), Path: "roles/" + name}
				if err := roles.Create(t.Context(), author(), n); err != nil {
					t.Error(err)
					return
				}
				key := find(t, st, "works").Role(realm.RoleRef{Name: name}).Key
				if err := roles.Include(t.Context(), author(), at("chief"), []string{key}); err != nil {
					t.Error(err)
				}
				if err := carried.Add(t.Context(), author(), owner, "", []string{key}); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				o := object("name", name, "protocol", "openid-connect", "protocolMapper", "oidc-audience-mapper")
				if _, err := mappers.Add(t.Context(), author(), owner, o); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		r := find(t, st, "works")
		if n := len(r.RoleByKey("chief").Composites); n != 1+each {
			t.Errorf("chief includes %d roles", n)
		}
		if c := r.Client("web"); len(c.Mappers) != each || len(c.ScopeMappings) != 1+each {
			t.Errorf("web has %d mappers and carries %d roles", len(c.Mappers), len(c.ScopeMappings))
		}
	})
}

// TestDeleteScope takes the client scope from the clients and from the realm's defaults: a new one under its
// id is nobody's.
func TestDeleteScope(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		works(t, st)
		scopes := &manage.Scopes{Store: st}
		if err := scopes.Delete(t.Context(), author(), "works", "api"); err != nil {
			t.Fatal(err)
		}
		if _, err := scopes.Create(t.Context(), author(), "works", object("id", "api", "name", "api", "protocol", "openid-connect")); err != nil {
			t.Fatal(err)
		}
		r := find(t, st, "works")
		for what, keys := range map[string][]string{"web": r.Client("web").DefaultScopes, "app": r.Client("app").OptionalScopes, "realm": r.DefaultScopes} {
			if slices.Contains(keys, "api") {
				t.Errorf("%s has %v", what, keys)
			}
		}
		if !slices.Contains(r.Client("web").DefaultScopes, "plain") {
			t.Errorf("web has %v", r.Client("web").DefaultScopes)
		}
	})
}

// TestMappers adds and changes mappers of a client.
func TestMappers(t *testing.T) {
	st := storetest.SQLite(t)
	works(t, st)
	mappers := &manage.Mappers{Store: st}
	owner := manage.Owner{Realm: "works", Kind: realm.KindClient, Key: "web", Path: "clients/web"}
	key, err := mappers.Add(t.Context(), author(), owner, object("name", "sub", "protocol", "openid-connect", "protocolMapper", "oidc-sha256-pairwise-sub-mapper"))
	if err != nil {
		t.Fatal(err)
	}
	if m := find(t, st, "works").Client("web").Mappers[0]; m.Key != key || m.Config["pairwiseSubAlgorithmSalt"] == "" {
		t.Errorf("a pairwise mapper without salt: %+v", m)
	}
	var invalid *fault.Invalid
	reserved := object("name", "more", "protocol", "openid-connect", "protocolMapper", "oidc-hardcoded-claim-mapper",
		"config", map[string]string{"claim.name": "act.sub", "claim.value": "1"})
	if _, err := mappers.Add(t.Context(), author(), owner, reserved); !errors.As(err, &invalid) {
		t.Errorf("T17 reserved claim in a new mapper: %v", err)
	}
	if err := mappers.Update(t.Context(), author(), owner, key, reserved); !errors.As(err, &invalid) {
		t.Errorf("T17 reserved claim in one that is there: %v", err)
	}
	script := object("name", "js", "protocol", "openid-connect", "protocolMapper", "oidc-script-based-protocol-mapper")
	if _, err := mappers.Add(t.Context(), author(), owner, script); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("a script: %v", err)
	}
	if n := len(find(t, st, "works").Client("web").Mappers); n != 1 {
		t.Errorf("%d mappers", n)
	}
}
