package permit_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// office is a realm in which "chief" includes a management role.
func office() *realm.Realm {
	d := realm.New("office-key", realm.Settings{Name: "office", Enabled: true})
	d.PutClient(&realm.Client{Key: "management", ID: "realm-management"})
	d.PutClient(&realm.Client{Key: "orders", ID: "orders"})
	d.PutRole(&realm.Role{Key: "mc", Name: "manage-clients", Client: "management"})
	d.PutRole(&realm.Role{Key: "mr", Name: "manage-realm", Client: "management"})
	d.PutRole(&realm.Role{Key: "read", Name: "read", Client: "orders"})
	d.PutRole(&realm.Role{Key: "clerk", Name: "clerk"})
	d.PutRole(&realm.Role{Key: "chief", Name: "chief", Composites: []string{"mr"}})
	return d.Realm()
}

// holder is an administrator of the realm with these roles.
func holder(r *realm.Realm, roles ...string) *permit.Administrator {
	var set realm.RoleSet
	r.Expand(&set, roles...)
	return &permit.Administrator{Realm: r, Roles: &set}
}

func TestMayShape(t *testing.T) {
	r := office()
	some, all := holder(r, "mc"), holder(r, "mc", "mr")
	for _, c := range []struct {
		name  string
		who   *permit.Administrator
		shape *realm.Role
		want  bool
	}{
		{"a role of a client", some, r.RoleByKey("read"), true},
		{"a role of the realm", some, r.RoleByKey("clerk"), true},
		{"a management role that the caller has", some, r.RoleByKey("mc"), false},
		{"a new role beside management roles", some, &realm.Role{Name: "new", Client: "management"}, false},
		{"a management role, with all of them", all, r.RoleByKey("mr"), true},
		{"a new role beside them, with all", all, &realm.Role{Name: "new", Client: "management"}, true},
	} {
		if got := c.who.MayShape(r, c.shape); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestMayShapeMaster: the role of the master realm that lets its holders make realms gives rights by its
// name too.
func TestMayShapeMaster(t *testing.T) {
	d := realm.New("m", realm.Settings{Name: "master", Enabled: true})
	d.PutClient(&realm.Client{Key: "shop", ID: "shop-realm"})
	d.PutRole(&realm.Role{Key: "shop-mr", Name: "manage-realm", Client: "shop"})
	d.PutRole(&realm.Role{Key: "cr", Name: "create-realm"})
	r := d.Realm()
	maker, other := holder(r, "cr"), holder(r)
	rename := &realm.Role{Key: "mine", Name: "create-realm"}
	if !maker.MayShape(r, rename) || other.MayShape(r, rename) {
		t.Error("create-realm is not for its holders alone")
	}
	if maker.MayShape(r, r.RoleByKey("shop-mr")) || !holder(r, "shop-mr").MayShape(r, r.RoleByKey("shop-mr")) {
		t.Error("the management roles of another realm are not for their holders alone")
	}
}

// TestMayName: who could make realms anyway may have the client of one ready, and who has all rights in a realm
// may give it back the client of its own.
func TestMayName(t *testing.T) {
	d := realm.New("m", realm.Settings{Name: "master", Enabled: true})
	d.PutClient(&realm.Client{Key: "own", ID: "master-realm"})
	d.PutRole(&realm.Role{Key: "mc", Name: "manage-clients", Client: "own"})
	d.PutRole(&realm.Role{Key: "cr", Name: "create-realm"})
	r := d.Realm()
	for _, c := range []struct {
		who  *permit.Administrator
		in   *realm.Realm
		name string
		want bool
	}{
		{holder(r, "mc"), r, "shop", true},
		{holder(r, "mc"), r, "realm-management", true},
		{holder(r, "mc"), r, "shop-realm", false},
		{holder(r, "cr"), r, "shop-realm", true},
		{holder(r, "cr"), office(), "realm-management", false},
		{holder(office(), "mc", "mr"), office(), "realm-management", false},
		{holder(office(), "mc"), office(), "shop-realm", true},
	} {
		if got := c.who.MayName(c.in, c.name); got != c.want {
			t.Errorf("%s in %s: %v", c.name, c.in.Name, got)
		}
	}
}

// TestMayShapeWhatHoldsAll: the role that gets all rights in each new realm is for its holders alone, and so is its
// name. They may still be told so by another version of the realm.
func TestMayShapeWhatHoldsAll(t *testing.T) {
	d := realm.New("m", realm.Settings{Name: "master", Enabled: true})
	d.PutRole(&realm.Role{Key: "all", Name: "admin"})
	r := d.Realm()
	if holder(r).MayShape(r, r.RoleByKey("all")) || holder(r).MayShape(r, &realm.Role{Name: "admin"}) || holder(r).MayGrant(r, r.RoleByKey("all")) {
		t.Error("anybody may be what holds all")
	}
	later := realm.Edit(r)
	later.PutRole(&realm.Role{Key: "all", Name: "admin", Extra: realm.Extra{}})
	if in := later.Realm(); !holder(r, "all").MayShape(in, in.RoleByKey("all")) || !holder(r, "all").MayGrant(in, in.RoleByKey("all")) {
		t.Error("its holders may not")
	}
}

func TestMayJoin(t *testing.T) {
	r := office()
	plain := &realm.Group{Key: "sales", Roles: []string{"clerk", "gone"}}
	strong := &realm.Group{Key: "chiefs", Roles: []string{"chief"}}
	below := &realm.Group{Key: "deputies", Parent: "chiefs"}
	some, all := holder(r, "mc"), holder(r, "mr")
	for _, c := range []struct {
		name   string
		who    *permit.Administrator
		groups []*realm.Group
		want   bool
	}{
		{"plain", some, []*realm.Group{plain}, true},
		{"one whose roles give rights", some, []*realm.Group{strong}, false},
		{"one below it", some, []*realm.Group{strong, below}, false},
		{"one whose rights the caller has", all, []*realm.Group{strong, below}, true},
	} {
		if got := c.who.MayJoin(r, c.groups); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
