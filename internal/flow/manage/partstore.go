package manage

import (
	"cmp"
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// grantedIn is what each role of a realm includes.
func grantedIn(r *realm.Realm) map[string][]string {
	out := map[string][]string{}
	for _, role := range r.Roles() {
		out[role.Key] = role.Composites
	}
	return out
}

// mayGrant refuses to give roles to users, groups or other roles that the author may not give: who may import
// must not become more powerful by it.
func (p *partial) mayGrant(before map[string][]string) error {
	r := p.draft.Realm()
	given := map[string]bool{}
	add := func(keys []string) {
		for _, key := range keys {
			given[key] = true
		}
	}
	for _, a := range p.accounts {
		add(a.User.Roles)
		if !p.Permit.MayJoin(r, p.lineage(a.User.GroupKeys)) {
			return ErrNotPermitted
		}
	}
	for _, g := range p.contents.Groups {
		add(g.Roles)
	}
	for _, role := range r.Roles() {
		for _, part := range role.Composites {
			if !slices.Contains(before[role.Key], part) {
				given[part] = true
			}
		}
	}
	for key := range given {
		if role := r.RoleByKey(key); role != nil && !p.Permit.MayGrant(r, role) {
			return ErrNotPermitted
		}
	}
	return nil
}

// lineage are those of the groups, and of those above them, that are there already.
func (p *partial) lineage(keys []string) []*realm.Group {
	var out []*realm.Group
	for path, g := range p.found.groups {
		if slices.Contains(keys, g.Key) {
			out = append(out, p.lineageOf(path)...)
		}
	}
	return out
}

// lineageOf are the group at a path and those above it, as far as they are there already.
func (p *partial) lineageOf(path string) []*realm.Group {
	var out []*realm.Group
	for _, path := range above(path) {
		if g := p.found.groups[path]; g != nil {
			out = append(out, g)
		}
	}
	return out
}

// resources are the resource types of admin events where the report calls them otherwise.
var resources = map[string]string{"IDP": resourceProvider, "IDP_MAPPER": "IDENTITY_PROVIDER_MAPPER"}

// events tell of the configuration that was made. What the report lists twice has one event.
func (p *partial) events() []event.Admin {
	var out []event.Admin
	told := map[string]bool{}
	for _, item := range p.report.Results {
		if item.path == "" || item.Action == itemSkipped || told[item.path] {
			continue
		}
		told[item.path] = true
		resource := cmp.Or(resources[item.Resource], item.Resource)
		out = append(out, p.Author.Of(p.draft.Realm(), operationOf(item.Action), resource, item.path, nil)...)
	}
	return out
}

func operationOf(action string) string {
	if action == itemOverwritten {
		return audit.Update
	}
	return audit.Create
}

// store stores groups and users. The draft is stored by then.
func (p *partial) store(ctx context.Context, realmKey string) error {
	r := p.draft.Realm()
	for _, g := range p.goneGroups {
		if err := ignoreGone(p.Members.DeleteGroup(ctx, realmKey, g.Key, p.Author.Of(r, audit.Delete, "GROUP", "groups/"+g.Key, nil))); err != nil {
			return err
		}
	}
	for _, g := range p.contents.Groups {
		if err := p.Members.PutGroup(ctx, realmKey, g, p.Author.Of(r, audit.Create, "GROUP", "groups/"+g.Key, keycloak.FromGroup(r, g))); err != nil {
			return err
		}
	}
	for _, id := range p.goneUsers {
		if err := ignoreGone(p.Members.DeleteUser(ctx, realmKey, id, p.Author.Of(r, audit.Delete, "USER", "users/"+id, nil))); err != nil {
			return err
		}
	}
	hashing := user.HashingOf(r.PasswordPolicy)
	for _, person := range p.accounts {
		for _, password := range person.Passwords {
			become(&person.Credentials[password.Credential], hashed(password.Plain, hashing))
		}
		if err := p.create(ctx, r, person.Account); err != nil {
			return err
		}
	}
	for _, account := range p.contents.ServiceAccounts() {
		if err := p.create(ctx, r, account); err != nil {
			return err
		}
	}
	return nil
}

func (p *partial) create(ctx context.Context, r *realm.Realm, a user.Account) error {
	a.SoleEmail = !r.DuplicateEmails
	o := keycloak.Object{}
	o.Put("id", a.User.ID)
	o.Put("username", a.User.Username)
	return p.Members.CreateUser(ctx, r.Key, a, p.Author.Of(r, audit.Create, "USER", "users/"+a.User.ID, o))
}
