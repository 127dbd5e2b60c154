package roles

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// pageSize is how many users or groups are listed where the caller does not say.
const pageSize = 100

// users answers with those who hold the role themselves. Who may not see users sees none.
func (d Deps) users(w http.ResponseWriter, r *rest.Request) error {
	f, err := byName(r)
	if err != nil {
		return err
	}
	page, err := r.Page(pageSize)
	if err != nil {
		return err
	}
	if !r.May(permit.ToViewUsers) {
		return rest.JSON(w, []keycloak.Object{})
	}
	holders, err := d.Users.FindUsers(r.Context(), r.Realm.Key, user.Query{Role: f.role.Key}, page.First, page.Max)
	if err != nil {
		return err
	}
	shown, err := d.Show(r, holders)
	if err != nil {
		return err
	}
	for _, o := range shown {
		o.Put("access", map[string]bool{"manage": r.May(permit.ToManageUsers)})
	}
	return rest.JSON(w, shown)
}

// groups answers with the groups that hold the role themselves. Who may not see users sees none.
func (d Deps) groups(w http.ResponseWriter, r *rest.Request) error {
	f, err := byName(r)
	if err != nil {
		return err
	}
	page, err := r.Page(pageSize)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	if !r.May(permit.ToViewUsers) {
		return rest.JSON(w, out)
	}
	holders, err := d.Groups.FindGroups(r.Context(), r.Realm.Key, realm.GroupQuery{Role: f.role.Key}, page.First, page.Max)
	if err != nil {
		return err
	}
	as := keycloak.BriefGroup
	if !r.Flag("briefRepresentation", true) {
		as = keycloak.FromGroup
	}
	for _, g := range holders {
		out = append(out, as(r.Realm, g))
	}
	return rest.JSON(w, out)
}
