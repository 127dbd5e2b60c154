package manage_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// permitted may do all but give the roles of a client.
type permitted struct{ but string }

func (p permitted) MayGrant(r *realm.Realm, role *realm.Role) bool {
	return p.but == "" || r.Ref(role).Client != p.but
}
func (p permitted) MayShape(r *realm.Realm, role *realm.Role) bool { return true }
func (p permitted) MayName(*realm.Realm, string) bool              { return true }
func (p permitted) MayJoin(*realm.Realm, []*realm.Group) bool      { return true }

// TestPartImport brings in what is there already, one way and the other, mappers of identity providers too.
func TestPartImport(t *testing.T) {
	_, st, by := installation(t)
	parts := &manage.Parts{Store: st, Members: st}
	const part = `{"clients": [{"clientId": "web", "serviceAccountsEnabled": true}], "roles": {"client": {"web": [{"name": "buy"}]}},
		"groups": [{"name": "night", "path": "/night", "clientRoles": {"web": ["buy"]}, "subGroups": [{"name": "late"}]}],
		"identityProviders": [{"alias": "partner", "providerId": "oidc", "config": {}}],
		"identityProviderMappers": [{"name": "m", "identityProviderAlias": "partner", "identityProviderMapper": "hardcoded-role-idp-mapper"}],
		"users": [{"username": "eve", "groups": ["/night/late", "/staff"], "credentials": [{"type": "password", "value": "pw"}]}]}`
	for _, c := range []struct {
		existing                    manage.Existing
		added, skipped, overwritten int
	}{
		{manage.Fail, 6, 0, 0},
		{manage.Skip, 0, 6, 0},
		{manage.Overwrite, 1, 0, 6}, // Keycloak lists roles twice
	} {
		got, err := parts.Import(t.Context(), "shop", parsed(t, part), manage.PartOptions{Existing: c.existing, Author: by, Permit: permitted{}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]int{c.added, c.skipped, c.overwritten}, []int{got.Added, got.Skipped, got.Overwritten}); d != "" {
			t.Errorf("%v: %s", c.existing, d)
		}
		r := find(t, st, "shop")
		eve, err := st.UserByName(t.Context(), r.Key, "eve")
		if err != nil || len(eve.GroupKeys) != 2 || !rolesOf(eve.Groups)[r.Role(realm.RoleRef{Client: "web", Name: "buy"}).Key] {
			t.Errorf("%v: user %+v, %v", c.existing, eve, err)
		}
		if account, err := st.ServiceAccount(t.Context(), r.Key, r.Client("web").Key); err != nil || account.Username != "service-account-web" {
			t.Errorf("%v: service account %+v, %v", c.existing, account, err)
		}
	}
	_, err := parts.Import(t.Context(), "shop", parsed(t, part), manage.PartOptions{Author: by, Permit: permitted{}})
	if !errors.Is(err, fault.ErrConflict) || err.Error() != "Client id 'web' already exists" {
		t.Errorf("got %v", err)
	}
}

func rolesOf(groups []*realm.Group) map[string]bool {
	out := map[string]bool{}
	for _, g := range groups {
		for _, key := range g.Roles {
			out[key] = true
		}
	}
	return out
}

// TestPartImportRefused changes nothing where anything of it cannot be had.
func TestPartImportRefused(t *testing.T) {
	_, st, by := installation(t)
	parts := &manage.Parts{Store: st, Members: st}
	before := find(t, st, "shop").Version
	for name, c := range map[string]struct {
		part string
		is   func(error) bool
	}{
		"a role that the author may not give": {`{"users": [{"username": "eve", "clientRoles": {"realm-management": ["realm-admin"]}}]}`, is(manage.ErrNotPermitted)},
		"the same by a group":                 {`{"groups": [{"name": "g2", "clientRoles": {"realm-management": ["realm-admin"]}}]}`, is(manage.ErrNotPermitted)},
		"the same by another role":            {`{"roles": {"realm": [{"name": "r", "composites": {"client": {"realm-management": ["realm-admin"]}}}]}}`, is(manage.ErrNotPermitted)},
		"the management client":               {`{"clients": [{"clientId": "realm-management"}]}`, kind[*fault.Invalid]},
		"the default role":                    {`{"roles": {"realm": [{"name": "default-roles-shop"}]}}`, kind[*fault.Invalid]},
		"a user without name":                 {`{"roles": {"realm": [{"name": "r"}]}, "users": [{"email": "x@example.test"}]}`, kind[*fault.Invalid]},
		"a group that is not there":           {`{"users": [{"username": "eve", "groups": ["/none"]}]}`, kind[*fault.Invalid]},
		"a setting that does not parse":       {`{"clients": [{"clientId": "c", "attributes": {"tokenhouse.exchange.public": "perhaps"}}]}`, kind[*fault.Invalid]},
		"a mapper of nobody":                  {`{"identityProviderMappers": [{"name": "m", "identityProviderAlias": "none"}]}`, kind[*fault.Invalid]},
	} {
		_, err := parts.Import(t.Context(), "shop", parsed(t, c.part), manage.PartOptions{Existing: manage.Overwrite, Author: by, Permit: permitted{but: "realm-management"}})
		if err == nil || !c.is(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if find(t, st, "shop").Version != before {
		t.Error("something was stored")
	}
}

// TestPartExport masks secrets, and holds what was asked for.
func TestPartExport(t *testing.T) {
	m, st, by := installation(t)
	load(t, m, `{"realm": "secrets", "smtpServer": {"host": "mail", "from": "shop@example.org", "password": "hush"}, "clients": [{"clientId": "web", "secret": "hush"}],
		"identityProviders": [{"alias": "partner", "providerId": "oidc", "config": {"clientSecret": "hush"}}],
		"authenticatorConfig": [{"alias": "robots", "config": {"secret.key": "hush"}}]}`)
	parts := &manage.Parts{Store: st, Members: st}
	for _, c := range []struct {
		part    realmfile.Part
		has, no []string
	}{
		{realmfile.Part{}, []string{"clientScopes", "identityProviders", "components"}, []string{"clients", "groups", "roles", "users", "scopeMappings"}},
		{realmfile.Part{Clients: true, GroupsAndRoles: true}, []string{"clients", "groups", "roles", "scopeMappings"}, []string{"users"}},
	} {
		o, err := parts.Export(t.Context(), "secrets", c.part)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range c.has {
			if !o.Has(member) {
				t.Errorf("%+v: no %s", c.part, member)
			}
		}
		for _, member := range c.no {
			if o.Has(member) {
				t.Errorf("%+v: %s", c.part, member)
			}
		}
		for member, value := range o {
			for _, secret := range []string{"hush", "BEGIN", "MII"} {
				if contains(value, secret) {
					t.Errorf("%+v: %s holds a secret", c.part, member)
				}
			}
		}
		if c.part.Clients { // and it comes back, with a new secret
			o.Put("realm", "back")
			delete(o, "id")
			text := mustText(t, o)
			if _, err := m.Create(t.Context(), by, text); err != nil {
				t.Fatal(err)
			}
			if secret := find(t, st, "back").Client("web").Secret; secret == keycloak.SecretMask || len(secret) != 32 {
				t.Errorf("secret: %q", secret)
			}
		}
	}
}

func contains(value []byte, s string) bool { return strings.Contains(string(value), s) }

// mustText is the document that holds a representation.
func mustText(t testing.TB, o keycloak.Object) manage.Document {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text(string(data))
}
