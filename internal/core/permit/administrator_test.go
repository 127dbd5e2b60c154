package permit_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// house is two realms, "shop" and "bank", and the master realm, which has a management client for each.
type house struct{ master, shop, bank *realm.Realm }

func newHouse() house {
	shop, bank, master := realm.New("k-shop", realm.Settings{Name: "shop"}), realm.New("k-bank", realm.Settings{Name: "bank"}), realm.New("k-master", realm.Settings{Name: "master"})
	manage(shop, "realm-management")
	manage(bank, "realm-management")
	for _, id := range []string{"master-realm", "shop-realm", "bank-realm"} {
		manage(master, id)
	}
	master.PutRole(&realm.Role{Key: "create-realm", Name: "create-realm"})
	var everything []string
	for _, role := range master.Realm().Roles() {
		everything = append(everything, role.Key)
	}
	master.PutRole(&realm.Role{Key: "admin", Name: "admin", Composites: everything})

	shop.PutClient(&realm.Client{Key: "shop/orders", ID: "orders"})
	shop.PutRole(&realm.Role{Key: "shop/orders/view-users", Client: "shop/orders", Name: "view-users"}) // gives no right: it is no management client's
	shop.PutRole(&realm.Role{Key: "shop/clerk", Name: "clerk"})
	shop.PutRole(&realm.Role{Key: "shop/boss", Name: "boss", Composites: []string{"shop/realm-management/manage-users", "shop/clerk"}})
	return house{master.Realm(), shop.Realm(), bank.Realm()}
}

// manage gives a realm a management client with all roles, of which view-users includes two others.
func manage(d *realm.Draft, id string) {
	prefix := d.Realm().Name + "/" + id
	d.PutClient(&realm.Client{Key: prefix, ID: id})
	var all []string
	for _, name := range permit.All.Names() {
		role := &realm.Role{Key: prefix + "/" + name, Client: prefix, Name: name}
		if name == "view-users" {
			role.Composites = []string{prefix + "/query-users", prefix + "/query-groups"}
		}
		d.PutRole(role)
		all = append(all, role.Key)
	}
	d.PutRole(&realm.Role{Key: prefix + "/realm-admin", Client: prefix, Name: "realm-admin", Composites: all})
}

// with is an administrator who signed in at a realm and has roles there, by their keys.
func with(r *realm.Realm, keys ...string) *permit.Administrator {
	u := &user.User{Roles: keys}
	return &permit.Administrator{Realm: r, User: u, Roles: u.RolesIn(r)}
}

func TestRightsIn(t *testing.T) {
	h := newHouse()
	some := permit.ViewUsers | permit.QueryUsers | permit.QueryGroups
	for _, tt := range []struct {
		name               string
		who                *permit.Administrator
		master, shop, bank permit.Rights
	}{
		{"nobody", with(h.shop, "shop/clerk"), 0, 0, 0},
		{"one role with what it includes", with(h.shop, "shop/realm-management/view-users"), 0, some, 0},
		{"the same by a realm role", with(h.shop, "shop/boss"), 0, permit.ManageUsers, 0},
		{"all of one's own realm", with(h.shop, "shop/realm-management/realm-admin"), 0, permit.All, 0},
		{"a role of the same name of another client", with(h.shop, "shop/orders/view-users"), 0, 0, 0},
		{"of the master realm in one other", with(h.master, "master/shop-realm/view-users"), 0, some, 0},
		{"of the master realm in itself", with(h.master, "master/master-realm/manage-realm"), permit.ManageRealm, 0, 0},
		{"admin", with(h.master, "admin"), permit.All, permit.All, permit.All},
		{"who may make realms", with(h.master, "create-realm"), 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, in := range []struct {
				realm *realm.Realm
				want  permit.Rights
			}{{h.master, tt.master}, {h.shop, tt.shop}, {h.bank, tt.bank}} {
				if got := tt.who.RightsIn(in.realm); got != in.want {
					t.Errorf("rights in %s are %v, want %v", in.realm.Name, got.Names(), in.want.Names())
				}
			}
		})
	}
}

func TestCreatesRealms(t *testing.T) {
	h := newHouse()
	for name, tt := range map[string]struct {
		who  *permit.Administrator
		want bool
	}{
		"admin":                     {with(h.master, "admin"), true},
		"create-realm":              {with(h.master, "create-realm"), true},
		"all rights in all realms":  {with(h.master, "master/master-realm/realm-admin", "master/shop-realm/realm-admin"), false},
		"all rights in another one": {with(h.shop, "shop/realm-management/realm-admin"), false},
	} {
		if got := tt.who.CreatesRealms(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestMayGrant(t *testing.T) {
	h := newHouse()
	boss, admin := with(h.shop, "shop/realm-management/realm-admin"), with(h.master, "admin")
	users := with(h.shop, "shop/realm-management/manage-users")
	fromMaster := with(h.master, "master/shop-realm/manage-users")
	for _, tt := range []struct {
		name string
		who  *permit.Administrator
		in   *realm.Realm
		role string
		want bool
	}{
		{"what gives no right", users, h.shop, "shop/clerk", true},
		{"a role that only is called like one", users, h.shop, "shop/orders/view-users", true},
		{"a right that one has", users, h.shop, "shop/realm-management/manage-users", true},
		{"a right that one has, within another role", users, h.shop, "shop/boss", true},
		{"a right that one lacks", users, h.shop, "shop/realm-management/view-users", false},
		{"all rights", users, h.shop, "shop/realm-management/realm-admin", false},
		{"all rights by who has them", boss, h.shop, "shop/realm-management/realm-admin", true},
		{"all rights by admin", admin, h.shop, "shop/realm-management/realm-admin", true},
		{"a right that one has from the master realm", fromMaster, h.shop, "shop/realm-management/manage-users", true},
		{"one that one lacks from the master realm", fromMaster, h.shop, "shop/realm-management/manage-realm", false},
		{"in a realm where one has none", boss, h.bank, "bank/realm-management/manage-users", false},
		{"rights in another realm, of the master realm", with(h.master, "master/master-realm/manage-users"), h.master, "master/shop-realm/manage-users", false},
		{"the same by who has them", fromMaster, h.master, "master/shop-realm/manage-users", true},
		{"create-realm by who may not", with(h.master, "master/master-realm/realm-admin"), h.master, "create-realm", false},
		{"admin by who has all of one realm", with(h.master, "master/master-realm/realm-admin"), h.master, "admin", false},
		{"admin by admin", admin, h.master, "admin", true},
	} {
		if got := tt.who.MayGrant(tt.in, tt.in.RoleByKey(tt.role)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestNamesAreThoseOfBits(t *testing.T) {
	for name, right := range map[string]permit.Rights{"create-client": permit.CreateClient, "manage-realm": permit.ManageRealm,
		"query-users": permit.QueryUsers, "view-organizations": permit.ViewOrganizations, "view-users": permit.ViewUsers} {
		if got := right.Names(); len(got) != 1 || got[0] != name {
			t.Errorf("%s is %v", name, got)
		}
	}
	if !permit.Rights(0).May(0) || permit.Rights(0).May(permit.ToViewRealm) || permit.Impersonation.May(permit.ToNameRealm) {
		t.Error("who has nothing may too much or too little")
	}
}
