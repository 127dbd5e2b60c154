package realm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func TestRolesOf(t *testing.T) {
	names := func(r *realm.Realm, client string) (out []string) {
		for _, role := range r.RolesOf(client) {
			out = append(out, role.Name)
		}
		return out
	}
	expect := func(r *realm.Realm, client string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, names(r, client)); diff != "" {
			t.Errorf("roles of %q (-want +got):\n%s", client, diff)
		}
	}
	d := realm.New("r", realm.Settings{Name: "shop"})
	for _, role := range []realm.Role{{Key: "1", Name: "write", Client: "orders"}, {Key: "2", Name: "read", Client: "orders"}, {Key: "3", Name: "customer"}} {
		d.PutRole(&role)
	}
	before := d.Realm()
	expect(before, "orders", "read", "write")
	expect(before, "", "customer")
	expect(before, "crm")

	next := realm.Edit(before)
	next.PutRole(&realm.Role{Key: "2", Name: "look", Client: "orders"})
	next.PutRole(&realm.Role{Key: "4", Name: "agent", Client: "crm"})
	next.Delete(realm.KindRole, "3")
	next.Delete(realm.KindRole, "nobody's")
	expect(next.Realm(), "orders", "look", "write")
	expect(next.Realm(), "crm", "agent")
	expect(next.Realm(), "")
	expect(before, "orders", "read", "write")
	expect(before, "", "customer")
}
