package manage_test

import (
	"encoding/json"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestReadKeptPolicies: a realm acts on the policies that a former version only kept, and without any it stays as it is.
func TestReadKeptPolicies(t *testing.T) {
	for name, c := range map[string]struct {
		policies string
		want     int
	}{
		"one that is on":  {`[{"name":"q","enabled":true,"conditions":[{"condition":"any-client"}],"profiles":["p"]}]`, 1},
		"one that is off": {`[{"name":"q","enabled":false,"conditions":[{"condition":"any-client"}],"profiles":["p"]}]`, 0},
		"none":            {`[]`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			st := storetest.SQLite(t)
			kept := realm.Extra{"clientPolicies": json.RawMessage(`{"policies":` + c.policies + `}`),
				"clientProfiles": json.RawMessage(`{"profiles":[{"name":"p","executors":[{"executor":"reject-request"}]}]}`)}
			if err := st.CreateRealm(t.Context(), realm.New("old-key", realm.Settings{Name: "old", Extra: kept}), nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			read := func() *realm.Realm {
				t.Helper()
				r, err := st.Realm(t.Context(), "old")
				if err == nil {
					err = (&manage.Policies{Store: st}).Read(t.Context(), r)
				}
				if err == nil {
					r, err = st.Realm(t.Context(), "old")
				}
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			old, err := st.Realm(t.Context(), "old")
			if err != nil {
				t.Fatal(err)
			}
			first, again := read(), read()
			if len(first.Policies) != c.want || again.Version != first.Version || first.Version > old.Version != (c.want > 0) {
				t.Errorf("%d policies, versions %d, %d, %d", len(first.Policies), old.Version, first.Version, again.Version)
			}
			extra, err := st.Extra(t.Context(), "old-key", realm.KindRealm, "old-key")
			if err != nil || len(extra) != len(kept) {
				t.Errorf("what is kept: %v, %v", extra, err)
			}
		})
	}
}
