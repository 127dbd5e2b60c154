// Package groups is the administration API of groups: the tree, its search, and who is in them.
package groups

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what this noun calls.
type Deps struct {
	Groups *people.Groups
	Tree   Tree
	Users  Users

	// Show makes representations of users, in full or brief as the request asks for.
	Show func(r *rest.Request, list []user.Account) ([]keycloak.Object, error)
}

// Tree finds groups.
type Tree interface {
	GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error)
	FindGroups(ctx context.Context, realmKey string, q realm.GroupQuery, first, max int) ([]*realm.Group, error)
	CountGroups(ctx context.Context, realmKey string, q realm.GroupQuery) (int, error)
	Lineage(ctx context.Context, realmKey string, keys []string) ([]*realm.Group, error)
	SubGroups(ctx context.Context, realmKey string, keys []string) (map[string]int, error)
}

// Users finds the members of a group.
type Users interface {
	FindUsers(ctx context.Context, realmKey string, q user.Query, first, max int) ([]user.Account, error)
}

// Routes are the addresses of groups.
func Routes(d Deps) []rest.Route {
	const one = "/groups/{group}"
	view, change := permit.ToViewUsers, permit.ToManageUsers
	return []rest.Route{
		{Method: http.MethodGet, Path: "/groups", Need: permit.ToListGroups, Handle: d.list},
		{Method: http.MethodPost, Path: "/groups", Need: change, Handle: d.create},
		{Method: http.MethodGet, Path: "/groups/count", Need: permit.ToListGroups, Handle: d.count},
		{Method: http.MethodGet, Path: "/group-by-path/{path...}", Need: view, Handle: d.byPath},
		{Method: http.MethodGet, Path: one, Need: view, Handle: d.show},
		{Method: http.MethodPut, Path: one, Need: change, Handle: d.update},
		{Method: http.MethodDelete, Path: one, Need: change, Handle: d.remove},
		{Method: http.MethodGet, Path: one + "/children", Need: view, Handle: d.children},
		{Method: http.MethodPost, Path: one + "/children", Need: change, Handle: d.addChild, Exceptional: true},
		{Method: http.MethodGet, Path: one + "/members", Need: view, Handle: d.members},
		{Method: http.MethodGet, Path: one + "/management/permissions", Need: view, Handle: d.permissions},
		{Method: http.MethodPut, Path: one + "/management/permissions", Need: change, Handle: d.permissions},
	}
}

var (
	errNoGroup = rest.NotFound("Could not find group by id")
	errNoChild = rest.NotFound("Could not find child by id")
)

// lineage is the group that the address names, and the groups above it, itself among them.
func (d Deps) lineage(r *rest.Request) (*realm.Group, []*realm.Group, error) {
	return d.find(r, r.PathValue("group"), errNoGroup)
}

func (d Deps) find(r *rest.Request, key string, absent error) (*realm.Group, []*realm.Group, error) {
	up, err := d.Tree.Lineage(r.Context(), r.Realm.Key, []string{key})
	if err != nil {
		return nil, nil, err
	}
	for _, g := range up {
		if g.Key == key {
			return g, up, nil
		}
	}
	return nil, nil, absent
}

func (d Deps) byPath(w http.ResponseWriter, r *rest.Request) error {
	g, err := d.Tree.GroupByPath(r.Context(), r.Realm.Key, "/"+r.PathValue("path"))
	if errors.Is(err, fault.ErrNotFound) {
		return rest.NotFound("Group path does not exist")
	}
	if err != nil {
		return err
	}
	o := keycloak.FromGroup(r.Realm, g)
	if err := d.countBelow(r, []*realm.Group{g}, []keycloak.Object{o}); err != nil {
		return err
	}
	return rest.JSON(w, o)
}

func (d Deps) show(w http.ResponseWriter, r *rest.Request) error {
	g, _, err := d.lineage(r)
	if err != nil {
		return err
	}
	shown, err := d.present(r, []*realm.Group{g}, keycloak.FromGroup)
	if err != nil {
		return err
	}
	return rest.JSON(w, shown[0])
}

// members answers with those who are in the group themselves.
func (d Deps) members(w http.ResponseWriter, r *rest.Request) error {
	g, _, err := d.lineage(r)
	if err != nil {
		return err
	}
	page, err := r.Page(membersPage)
	if err != nil {
		return err
	}
	found, err := d.Users.FindUsers(r.Context(), r.Realm.Key, user.Query{Group: g.Key}, page.First, page.Max)
	if err != nil {
		return err
	}
	shown, err := d.Show(r, found)
	if err != nil {
		return err
	}
	return rest.JSON(w, shown)
}

// membersPage is how many members are listed where the caller does not say.
const membersPage = 100

// permissions answers for fine-grained permissions, which there are none of.
func (d Deps) permissions(_ http.ResponseWriter, r *rest.Request) error {
	if _, _, err := d.lineage(r); err != nil {
		return err
	}
	return rest.FeatureOff
}
