package people_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// staffed is a realm with roles and a user, that records admin events.
func staffed(t *testing.T, st *store.Store) *realm.Realm {
	t.Helper()
	d := realm.New("staffed-key", realm.Settings{Name: "staffed", Enabled: true, SSLRequired: "none", Events: realm.EventSettings{Admin: true, AdminDetails: true}})
	for i := range 20 {
		d.PutRole(&realm.Role{Key: fmt.Sprintf("role-%02d", i), Name: fmt.Sprintf("role %02d", i)})
	}
	ann := user.Account{User: user.User{ID: "ann", Username: "ann", Enabled: true}}
	err := st.CreateRealm(t.Context(), d, nil, func(yield func(user.Account, error) bool) { yield(ann, nil) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.Realm()
}

func boss() audit.Author {
	return audit.Author{Actor: event.Actor{Realm: "m", Client: "cli", UserID: "boss"}, Now: time.Now(), NewID: uuid.NewString}
}

func group(pairs ...any) keycloak.Object {
	o := keycloak.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Put(pairs[i].(string), pairs[i+1])
	}
	return o
}

// TestGroups makes, renames, moves and removes groups.
func TestGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := staffed(t, st)
		groups := &people.Groups{Store: st}
		create := func(name string, parent *realm.Group) *realm.Group {
			t.Helper()
			g, err := groups.Create(t.Context(), boss(), r, parent, group("id", "passed over", "name", name, "realmRoles", []string{"role 01"}))
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		sales := create("sales", nil)
		north := create("north", sales)
		south := create("south", sales)
		if sales.Key == "passed over" || len(sales.Roles) > 0 || north.Path != "/sales/north" {
			t.Errorf("made %+v and %+v", sales, north)
		}
		var invalid *fault.Invalid
		isInvalid := func(err error) bool { return errors.As(err, &invalid) }
		isConflict := func(err error) bool { return errors.Is(err, fault.ErrConflict) }
		isMissing := func(err error) bool { return errors.Is(err, fault.ErrNotFound) }
		for _, c := range []struct {
			name string
			do   func() error
			want func(error) bool
		}{
			{"a second at the top", func() error {
				_, err := groups.Create(t.Context(), boss(), r, nil, group("name", "sales"))
				return err
			}, isConflict},
			{"a sibling", func() error { return groups.Update(t.Context(), boss(), r, south.Key, group("name", "north")) }, isConflict},
			{"blank", func() error { return groups.Update(t.Context(), boss(), r, south.Key, group("name", " ")) }, isInvalid},
			{"below one of its own", func() error { return groups.Move(t.Context(), boss(), r, sales.Key, north.Key) }, isInvalid},
			{"below none", func() error { return groups.Move(t.Context(), boss(), r, north.Key, "none") }, isMissing},
			{"none", func() error { return groups.Update(t.Context(), boss(), r, "none", group("name", "x")) }, isMissing},
		} {
			if err := c.do(); !c.want(err) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		for _, err := range []error{
			groups.Update(t.Context(), boss(), r, north.Key, group("name", "far north", "description", "cold", "attributes", map[string][]string{"c": {"-20"}})),
			groups.Update(t.Context(), boss(), r, north.Key, group("name", "far north")),
			groups.Move(t.Context(), boss(), r, north.Key, north.Key),
			groups.Move(t.Context(), boss(), r, north.Key, ""),
			groups.Delete(t.Context(), boss(), r, sales),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		left, err := st.FindGroups(t.Context(), r.Key, realm.GroupQuery{}, 0, -1)
		if err != nil || len(left) != 1 {
			t.Fatalf("left %+v, %v", left, err)
		}
		g := left[0]
		if g.Path != "/far north" || g.Parent != "" || !slices.Equal(g.Attributes["c"], []string{"-20"}) || keycloak.Object(g.Extra).Has("description") {
			t.Errorf("left %+v", g)
		}
	})
}

// TestMappings gives roles to a user and to a group from many sides at once: none is lost, and each change
// has its admin event.
func TestMappings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := staffed(t, st)
		groups, mappings := &people.Groups{Store: st}, &people.Mappings{Store: st}
		sales, err := groups.Create(t.Context(), boss(), r, nil, group("name", "sales"))
		if err != nil {
			t.Fatal(err)
		}
		holders := []people.Holder{{User: "ann"}, {Group: sales.Key}}
		var all sync.WaitGroup
		for _, role := range r.Roles() {
			for _, h := range holders {
				all.Go(func() {
					if err := mappings.Grant(t.Context(), boss(), r, h, people.Part{Roles: []string{role.Key}}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		held := func() (ofUser, ofGroup []string) {
			t.Helper()
			u, err := st.User(t.Context(), r.Key, "ann")
			if err != nil {
				t.Fatal(err)
			}
			g, err := st.Group(t.Context(), r.Key, sales.Key)
			if err != nil {
				t.Fatal(err)
			}
			return u.Roles, g.Roles
		}
		if u, g := held(); len(u) != len(r.Roles()) || len(g) != len(r.Roles()) {
			t.Errorf("the user holds %d roles, the group %d", len(u), len(g))
		}
		for _, h := range holders {
			for range 2 { // the second time nothing is left to do
				if err := mappings.Revoke(t.Context(), boss(), r, h, people.Part{Roles: []string{"role-03"}}); err != nil {
					t.Error(err)
				}
			}
		}
		if u, g := held(); slices.Contains(u, "role-03") || slices.Contains(g, "role-03") {
			t.Errorf("the user holds %v, the group %v", u, g)
		}
		events, err := st.AdminEvents(t.Context(), r.Key, event.AdminQuery{ResourceTypes: []string{"REALM_ROLE_MAPPING"}}, 0, -1)
		if want := 2*len(r.Roles()) + 4; err != nil || len(events) != want {
			t.Errorf("%d events for %d changes, %v", len(events), want, err)
		}
		if err := mappings.Grant(t.Context(), boss(), r, people.Holder{User: "none"}, people.Part{}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a user who is not: %v", err)
		}
	})
}
