package realm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestWorkloads are found by their subject, as long as they are of the method, and in no other version of the realm.
func TestWorkloads(t *testing.T) {
	expect := func(r *realm.Realm, subject string, want ...string) {
		t.Helper()
		var got []string
		for _, c := range r.Workloads(subject) {
			got = append(got, c.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("clients of %q (-want +got):\n%s", subject, diff)
		}
	}
	d := realm.New("r", realm.Settings{Name: "shop"})
	for _, c := range []realm.Client{
		{Key: "1", ID: "b", Authenticator: realm.MethodForeign, AuthSubject: "one"},
		{Key: "2", ID: "a", Authenticator: realm.MethodForeign, AuthSubject: "one"},
		{Key: "3", ID: "c", Authenticator: realm.MethodForeign},
		{Key: "4", ID: "d", Authenticator: "client-secret", AuthSubject: "one"},
	} {
		d.PutClient(&c)
	}
	before := d.Realm()
	expect(before, "one", "a", "b")
	expect(before, "")

	next := realm.Edit(before)
	next.PutClient(&realm.Client{Key: "1", ID: "b", Authenticator: realm.MethodForeign, AuthSubject: "two"})
	next.PutClient(&realm.Client{Key: "2", ID: "a", Authenticator: "client-secret", AuthSubject: "one"})
	next.PutClient(&realm.Client{Key: "4", ID: "d", Authenticator: realm.MethodForeign, AuthSubject: "one"})
	next.Delete(realm.KindClient, "3")
	expect(next.Realm(), "one", "d")
	expect(next.Realm(), "two", "b")
	next.Delete(realm.KindClient, "4")
	next.Delete(realm.KindClient, "nobody's")
	expect(next.Realm(), "one")
	expect(before, "one", "a", "b")
}
