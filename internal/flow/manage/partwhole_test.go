package manage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// eachHarbour runs a test on a realm of each database that has a little of everything, and records admin events.
func eachHarbour(t *testing.T, test func(*testing.T, *store.Store, *manage.Parts)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		m := &manage.Realms{Store: st, Now: time.Now, NewID: uuid.NewString}
		load(t, m, `{"realm": "harbour", "adminEventsEnabled": true, "clients": [{"clientId": "web", "serviceAccountsEnabled": true}],
			"groups": [{"name": "crew", "id": "`+crewID+`"}], "users": [{"username": "ann", "id": "`+annID+`", "email": "ann@example.test"}]}`)
		if err := st.ClearAdminEvents(t.Context(), find(t, st, "harbour").Key); err != nil {
			t.Fatal(err)
		}
		test(t, st, &manage.Parts{Store: st, Members: st})
	})
}

// The ids of a group and a user of that realm, and of one who comes in late.
const (
	crewID = "c2d5a0a4-6c6f-4f0e-9f5b-6a1f0c0d0e01"
	annID  = "0b9d3c52-7a64-4c38-8d53-6a1f0c0d0e02"
	bobID  = "0b9d3c52-7a64-4c38-8d53-6a1f0c0d0e03"
)

// harbour is all of that realm that a partial import can change, but for ids.
func harbour(t *testing.T, st *store.Store) (out []string) {
	t.Helper()
	r := find(t, st, "harbour")
	name := func(keys []string) (out []string) {
		for _, key := range keys {
			out = append(out, r.Ref(r.RoleByKey(key)).String())
		}
		return out
	}
	for _, c := range r.Clients() {
		out = append(out, "client "+c.ID)
	}
	for _, role := range r.Roles() {
		out = append(out, fmt.Sprint("role ", r.Ref(role), name(role.Composites)))
	}
	groups, err := st.Groups(t.Context(), r.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		out = append(out, fmt.Sprint("group ", g.Path, name(g.Roles)))
	}
	for a, err := range st.Users(t.Context(), r.Key) {
		if err != nil {
			t.Fatal(err)
		}
		u, err := st.User(t.Context(), r.Key, a.User.ID)
		if err != nil {
			t.Fatal(err)
		}
		joined := []string{}
		for _, g := range u.Groups {
			joined = append(joined, g.Path)
		}
		found, err := st.CountUsers(t.Context(), r.Key, user.Query{Search: u.Username})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint("user ", u.Username, u.Email, u.Enabled, name(u.Roles), joined, len(a.Credentials), " found ", found))
	}
	slices.Sort(out)
	return out
}

// TestPartImportIsWhole brings in all or nothing: what one row is refused for, be it the last one and found by the
// database alone, leaves nothing of the others, and no event.
func TestPartImportIsWhole(t *testing.T) {
	const others = `"clients": [{"clientId": "kiosk", "serviceAccountsEnabled": true}], "roles": {"realm": [{"name": "mate"}], "client": {"kiosk": [{"name": "buy"}]}},
		"groups": [{"name": "night", "path": "/night", "realmRoles": ["mate"], "subGroups": [{"name": "late"}]}%s],
		"identityProviders": [{"alias": "partner", "providerId": "oidc", "config": {}}],
		"users": [{"username": "bob", "groups": ["/night/late", "/crew"], "credentials": [{"type": "password", "value": "pw"}]}, {"username": "cid", "email": "cid@example.test"}%s]`
	part := func(moreGroups, moreUsers string) string { return fmt.Sprintf("{"+others+"}", moreGroups, moreUsers) }
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, `, {"username": "x%d"}`, i)
	}
	eachHarbour(t, func(t *testing.T, st *store.Store, parts *manage.Parts) {
		before, version := harbour(t, st), find(t, st, "harbour").Version
		bring := func(existing manage.Existing, part string) error {
			_, err := parts.Import(t.Context(), "harbour", parsed(t, part), manage.PartOptions{Existing: existing, Author: author(), Permit: permitted{}})
			return err
		}
		for name, c := range map[string]struct {
			existing manage.Existing
			part     string
			is       func(error) bool
		}{
			"a user who is there already":      {manage.Fail, part("", `, {"username": "ann"}`), is(fault.ErrConflict)},
			"the same user twice":              {manage.Fail, part("", `, {"username": "dan"}, {"username": "dan"}`), is(fault.ErrConflict)},
			"an id that somebody else has":     {manage.Skip, part("", `, {"username": "dan", "id": "`+annID+`"}`), is(fault.ErrConflict)},
			"the same user twice, overwriting": {manage.Overwrite, part("", `, {"username": "ann"}, {"username": "dan"}, {"username": "dan"}`), is(fault.ErrConflict)},
			"an address that another brings":   {manage.Overwrite, part("", `, {"username": "dan", "email": "CID@example.test"}`), is(fault.ErrConflict)},
			"the same group twice":             {manage.Skip, part(`, {"name": "day", "path": "/day"}, {"name": "day", "path": "/day"}`, ""), is(fault.ErrConflict)},
			"a group that is not at the top":   {manage.Skip, part(`, {"name": "day", "path": "/crew/day"}`, ""), kind[*fault.Invalid]},
			"a user without a name":            {manage.Skip, part("", `, {"email": "dan@example.test"}`), kind[*fault.Invalid]},
			"a user in no group that there is": {manage.Overwrite, part("", `, {"username": "dan", "groups": ["/none"]}`), kind[*fault.Invalid]},
			"more than one transaction takes":  {manage.Skip, part("", many.String()), kind[*fault.Invalid]},
		} {
			if err := bring(c.existing, c.part); err == nil || !c.is(err) {
				t.Errorf("%s: got %v", name, err)
			}
			if d := cmp.Diff(before, harbour(t, st)); d != "" {
				t.Fatalf("%s changed something: %s", name, d)
			}
		}
		if now := find(t, st, "harbour").Version; now != version {
			t.Errorf("version %d became %d", version, now)
		}
		if events := told(t, st, "harbour"); len(events) != 0 {
			t.Errorf("events of what did not happen: %+v", events)
		}

		if err := bring(manage.Fail, part("", "")); err != nil {
			t.Fatal(err)
		}
		once := harbour(t, st)
		if len(once) != len(before)+8 {
			t.Errorf("one client, two groups, two roles and three users were to come in: %v", cmp.Diff(before, once))
		}
		checkEvents(t, told(t, st, "harbour"), map[string]int{
			"CREATE CLIENT": 1, "CREATE REALM_ROLE": 1, "CREATE CLIENT_ROLE": 1, "CREATE IDENTITY_PROVIDER": 1, "CREATE GROUP": 2, "CREATE USER": 3})
		for range 2 {
			if err := bring(manage.Overwrite, part("", "")); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(once, harbour(t, st)); d != "" {
				t.Errorf("overwriting with the same: %s", d)
			}
		}
	})
}

// checkEvents counts admin events by what they tell.
func checkEvents(t *testing.T, events []event.Admin, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for _, e := range events {
		got[e.Operation+" "+e.ResourceType]++
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events: %s", d)
	}
}

// TestPartImportMeanwhile lets somebody take a name after the import has looked who is there: nothing of it is stored.
func TestPartImportMeanwhile(t *testing.T) {
	eachHarbour(t, func(t *testing.T, st *store.Store, parts *manage.Parts) {
		r := find(t, st, "harbour")
		taking := &manage.Parts{Store: st, Members: &meanwhile{Store: st, do: func() error {
			return st.CreateUser(t.Context(), r.Key, user.Account{User: user.User{ID: "eve", Username: "eve"}}, nil)
		}}}
		_, err := taking.Import(t.Context(), "harbour", parsed(t, `{"roles": {"realm": [{"name": "mate"}]}, "users": [{"username": "dan"}, {"username": "eve"}]}`),
			manage.PartOptions{Author: author(), Permit: permitted{}})
		if !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a name that was taken meanwhile: %v", err)
		}
		if _, err := st.UserByName(t.Context(), r.Key, "dan"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the user beside it: %v", err)
		}
		if find(t, st, "harbour").Role(realm.RoleRef{Name: "mate"}) != nil {
			t.Error("the role beside it is there")
		}
	})
}

// meanwhile does something right before an edit begins.
type meanwhile struct {
	*store.Store
	do func() error
}

func (m *meanwhile) EditMembers(ctx context.Context, name string, edit func(*realm.Draft, user.Members) ([]event.Admin, error)) error {
	if err := m.do(); err != nil {
		return err
	}
	return m.Store.EditMembers(ctx, name, edit)
}

// TestPartImportRevivesNobody overwrites a group by one that brings the same id: who belonged to the one does not belong
// to the other.
func TestPartImportRevivesNobody(t *testing.T) {
	eachHarbour(t, func(t *testing.T, st *store.Store, parts *manage.Parts) {
		bring := func(part string) {
			t.Helper()
			_, err := parts.Import(t.Context(), "harbour", parsed(t, part), manage.PartOptions{Existing: manage.Overwrite, Author: author(), Permit: permitted{}})
			if err != nil {
				t.Fatal(err)
			}
		}
		r := find(t, st, "harbour")
		bring(`{"users": [{"username": "bob", "id": "` + bobID + `", "groups": ["/crew"]}]}`)
		if bob, err := st.User(t.Context(), r.Key, bobID); err != nil || len(bob.Groups) != 1 {
			t.Fatalf("%+v, %v", bob, err)
		}
		bring(`{"groups": [{"name": "crew", "path": "/crew", "id": "` + crewID + `"}]}`)
		if bob, err := st.User(t.Context(), r.Key, bobID); err != nil || len(bob.Groups) != 0 {
			t.Errorf("%+v, %v", bob, err)
		}
	})
}
