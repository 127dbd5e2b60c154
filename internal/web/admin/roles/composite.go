package roles

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// composites answers with all roles that a role includes directly, a page of them where one is asked for.
func (d Deps) composites(w http.ResponseWriter, r *rest.Request, f found) error {
	page, err := r.Page(-1)
	if err != nil {
		return err
	}
	list, err := d.search(r, parts(r.Realm, f.role, func(*realm.Role) bool { return true }))
	if err != nil {
		return err
	}
	return rest.JSON(w, d.shown(r, rest.Of(page, list), keycloak.BriefRole))
}

func (d Deps) realmComposites(w http.ResponseWriter, r *rest.Request, f found) error {
	return d.compositesOf(w, r, f, "")
}

func (d Deps) clientComposites(w http.ResponseWriter, r *rest.Request, f found) error {
	c, err := r.ClientAt("container")
	if err != nil {
		return err
	}
	return d.compositesOf(w, r, f, c.Key)
}

func (d Deps) compositesOf(w http.ResponseWriter, r *rest.Request, f found, clientKey string) error {
	brief, err := Brief(r.Context(), d.Extras, r.Realm, parts(r.Realm, f.role, func(part *realm.Role) bool { return part.Client == clientKey }))
	if err != nil {
		return err
	}
	return rest.JSON(w, brief)
}

// parts are those of the roles that a role includes directly that are wanted, by name.
func parts(r *realm.Realm, role *realm.Role, wanted func(*realm.Role) bool) []*realm.Role {
	var out []*realm.Role
	for _, key := range role.Composites {
		if part := r.RoleByKey(key); part != nil && wanted(part) {
			out = append(out, part)
		}
	}
	slices.SortFunc(out, func(a, b *realm.Role) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (d Deps) include(w http.ResponseWriter, r *rest.Request, f found) error {
	keys, err := named(r, mayInclude)
	if err != nil {
		return err
	}
	return rest.Done(w, d.Roles.Include(r.Context(), r.Author, f.at, keys))
}

func (d Deps) exclude(w http.ResponseWriter, r *rest.Request, f found) error {
	keys, err := named(r, func(*rest.Request, *realm.Role) error { return nil })
	if err != nil {
		return err
	}
	return rest.Done(w, d.Roles.Exclude(r.Context(), r.Author, f.at, keys))
}

// named are the keys of the roles that the body names, by their ids alone.
func named(r *rest.Request, may func(*rest.Request, *realm.Role) error) ([]string, error) {
	bodies, err := r.Bodies("Role")
	if err != nil {
		return nil, err
	}
	if bodies == nil {
		return nil, rest.BadRequest("No roles are given")
	}
	var keys []string
	for _, o := range bodies {
		part := r.Realm.RoleByKey(o.Text("id"))
		if part == nil {
			return nil, rest.NotFound("Could not find composite role")
		}
		if err := may(r, part); err != nil {
			return nil, err
		}
		keys = append(keys, part.Key)
	}
	return keys, nil
}

// mayInclude is nil where the caller may make a role part of others: one that they manage and, where it
// gives rights, may grant.
func mayInclude(r *rest.Request, part *realm.Role) error {
	need := permit.ToManageRealm
	if part.Client != "" {
		need = permit.ToManageClients
	}
	if !r.May(need) || !r.MayGrant(part) {
		return rest.Forbidden
	}
	return nil
}
