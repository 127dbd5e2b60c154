package realm_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestManages tells the clients apart whose roles are rights.
func TestManages(t *testing.T) {
	for _, c := range []struct {
		realm, client string
		want          bool
	}{
		{"shop", "realm-management", true},
		{"shop", "shop-realm", false},
		{"shop", "till", false},
		{"master", "master-realm", true},
		{"master", "shop-realm", true},
		{"master", "nobody-realm", true},
		{"master", "realm-management", false},
		{"master", "realm", false},
	} {
		r := realm.New("key", realm.Settings{Name: c.realm}).Realm()
		if got := r.Manages(c.client); got != c.want {
			t.Errorf("%s in %s: %v, want %v", c.client, c.realm, got, c.want)
		}
	}
	for _, name := range []string{"shop", "master"} {
		r := realm.New("key", realm.Settings{Name: name}).Realm()
		if own := realm.OwnManagementClient(name); !r.Manages(own) {
			t.Errorf("%s does not manage %s", own, name)
		}
	}
}
