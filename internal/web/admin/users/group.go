package users

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// groups lists the groups that the user joined, by name.
func (d Deps) groups(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	page, err := r.Page(-1)
	if err != nil {
		return err
	}
	found, err := d.joined(r, a)
	if err != nil {
		return err
	}
	as := keycloak.BriefGroup
	if !r.Flag("briefRepresentation", true) {
		as = keycloak.FromGroup
	}
	out := []keycloak.Object{}
	for _, g := range rest.Of(page, found) {
		out = append(out, as(r.Realm, g))
	}
	return rest.JSON(w, out)
}

func (d Deps) countGroups(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	found, err := d.joined(r, a)
	if err != nil {
		return err
	}
	return rest.JSON(w, map[string]int{"count": len(found)})
}

// joined are the groups that the user joined whose name has what is searched.
func (d Deps) joined(r *rest.Request, a *user.Account) ([]*realm.Group, error) {
	all, err := d.Groups.Lineage(r.Context(), r.Realm.Key, a.User.GroupKeys)
	if err != nil {
		return nil, err
	}
	search := strings.ToLower(r.URL.Query().Get("search"))
	all = slices.DeleteFunc(all, func(g *realm.Group) bool {
		return !slices.Contains(a.User.GroupKeys, g.Key) || !strings.Contains(strings.ToLower(g.Name), search)
	})
	slices.SortFunc(all, func(a, b *realm.Group) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (d Deps) join(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return d.member(w, r, a, d.Users.Join)
}

func (d Deps) leave(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return d.member(w, r, a, d.Users.Leave)
}

// member changes whether the user is a member of the group that the address names. Whoever changes that gives
// and takes the roles of the group and of those above it.
func (d Deps) member(w http.ResponseWriter, r *rest.Request, a *user.Account,
	change func(context.Context, audit.Author, *realm.Realm, string, *realm.Group) error) error {
	key := r.PathValue("group")
	g, err := d.Groups.Group(r.Context(), r.Realm.Key, key)
	if errors.Is(err, fault.ErrNotFound) {
		return rest.NotFound("Group not found")
	}
	if err != nil {
		return err
	}
	if err := r.DemandJoin(d.Groups, g.Key); err != nil {
		return err
	}
	return rest.Done(w, change(r.Context(), r.Author, r.Realm, a.User.ID, g))
}

// mayJoin refuses a caller who may not put somebody into all groups that a new user is to join. Paths that lead
// nowhere are for others to refuse.
func (d Deps) mayJoin(r *rest.Request, paths []string) error {
	for _, path := range paths {
		g, err := d.Groups.GroupByPath(r.Context(), r.Realm.Key, "/"+strings.TrimPrefix(path, "/"))
		if errors.Is(err, fault.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.DemandJoin(d.Groups, g.Key); err != nil {
			return err
		}
	}
	return nil
}
