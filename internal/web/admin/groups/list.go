package groups

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// view makes the representation of a group.
type view func(*realm.Realm, *realm.Group) keycloak.Object

// viewOf is the view that the request asks for.
func viewOf(r *rest.Request, brief bool) view {
	if r.Flag("briefRepresentation", brief) {
		return keycloak.BriefGroup
	}
	return keycloak.FromGroup
}

// list answers with the groups at the top, or with those that are searched for: what is found stands in the
// groups above it, up to the top. Who may only ask for groups sees none.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	page, err := r.Page(-1)
	if err != nil {
		return err
	}
	if !r.May(permit.ToViewUsers) {
		return rest.JSON(w, []keycloak.Object{})
	}
	q, searched := query(r)
	found, err := d.Tree.FindGroups(r.Context(), r.Realm.Key, q, page.First, page.Max)
	if err != nil {
		return err
	}
	var shown []keycloak.Object
	if searched && r.Flag("populateHierarchy", true) {
		shown, err = d.tree(r, found, viewOf(r, true))
	} else {
		shown, err = d.present(r, found, viewOf(r, true))
	}
	if err != nil {
		return err
	}
	return rest.JSON(w, shown)
}

// query is what groups are asked for: those at the top where nothing is searched.
func query(r *rest.Request) (q realm.GroupQuery, searched bool) {
	switch search := r.Search(); {
	case r.URL.Query().Get("q") != "":
		return realm.GroupQuery{Attributes: maps.Collect(r.Pairs())}, true
	case search != "":
		return realm.GroupQuery{Search: search, Exact: r.Flag("exact", false)}, true
	}
	top := ""
	return realm.GroupQuery{Parent: &top}, false
}

// children answers with the groups directly below another, in full unless asked for otherwise, and like
// Keycloak with ten of them where the caller does not say how many.
func (d Deps) children(w http.ResponseWriter, r *rest.Request) error {
	g, _, err := d.lineage(r)
	if err != nil {
		return err
	}
	page, err := r.Page(childrenPage)
	if err != nil {
		return err
	}
	q := realm.GroupQuery{Parent: &g.Key, Search: r.Search(), Exact: r.Flag("exact", false)}
	found, err := d.Tree.FindGroups(r.Context(), r.Realm.Key, q, page.First, page.Max)
	if err != nil {
		return err
	}
	shown, err := d.present(r, found, viewOf(r, false))
	if err != nil {
		return err
	}
	return rest.JSON(w, shown)
}

const childrenPage = 10

func (d Deps) count(w http.ResponseWriter, r *rest.Request) error {
	if !r.May(permit.ToViewUsers) {
		return rest.JSON(w, map[string]int{"count": 0})
	}
	q := realm.GroupQuery{Search: r.Search()}
	if top := ""; q.Search == "" && r.Flag("top", false) {
		q.Parent = &top
	}
	n, err := d.Tree.CountGroups(r.Context(), r.Realm.Key, q)
	if err != nil {
		return err
	}
	return rest.JSON(w, map[string]int{"count": n})
}

// present makes representations of groups with what the caller may do with them, and how many there are
// below each.
func (d Deps) present(r *rest.Request, list []*realm.Group, as view) ([]keycloak.Object, error) {
	out := make([]keycloak.Object, len(list))
	for i, g := range list {
		out[i] = as(r.Realm, g)
		out[i].Put("access", access(r))
	}
	return out, d.countBelow(r, list, out)
}

// countBelow adds to representations how many groups are below each, unless the request asks not to.
func (d Deps) countBelow(r *rest.Request, list []*realm.Group, shown []keycloak.Object) error {
	if !r.Flag("subGroupsCount", true) {
		return nil
	}
	keys := make([]string, len(list))
	for i, g := range list {
		keys[i] = g.Key
	}
	below, err := d.Tree.SubGroups(r.Context(), r.Realm.Key, keys)
	if err != nil {
		return err
	}
	for i, g := range list {
		shown[i].Put("subGroupCount", below[g.Key])
	}
	return nil
}

// access is what the caller may do with every group of the realm.
func access(r *rest.Request) map[string]bool {
	view, manage := r.May(permit.ToViewUsers), r.May(permit.ToManageUsers)
	return map[string]bool{"view": view, "viewMembers": view, "manage": manage, "manageMembers": manage, "manageMembership": manage}
}

// tree presents groups inside those above them; what is at the top is by name, and so is what is below
// each.
func (d Deps) tree(r *rest.Request, found []*realm.Group, as view) ([]keycloak.Object, error) {
	keys := make([]string, len(found))
	for i, g := range found {
		keys[i] = g.Key
	}
	all, err := d.Tree.Lineage(r.Context(), r.Realm.Key, keys)
	if err != nil {
		return nil, err
	}
	shown, err := d.present(r, all, as)
	if err != nil {
		return nil, err
	}
	byKey := map[string]keycloak.Object{}
	below := map[string][]*realm.Group{}
	for i, g := range all {
		byKey[g.Key] = shown[i]
		below[g.Parent] = append(below[g.Parent], g)
	}
	var nest func(parent string) []keycloak.Object
	nest = func(parent string) []keycloak.Object {
		out := []keycloak.Object{}
		for _, g := range slices.SortedFunc(slices.Values(below[parent]), byName) {
			o := byKey[g.Key]
			o.Put("subGroups", nest(g.Key))
			out = append(out, o)
		}
		return out
	}
	return nest(""), nil
}

func byName(a, b *realm.Group) int { return strings.Compare(a.Name, b.Name) }
