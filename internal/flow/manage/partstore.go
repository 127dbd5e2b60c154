package manage

import (
	"cmp"
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

// store brings groups and users in, and tells of it. Whoever is overwritten goes first, since the name is taken anew.
func (p *partial) store(members user.Members, hashes *passwords) ([]event.Admin, error) {
	s := &storing{partial: p, members: members, hashes: hashes}
	for _, step := range []func() error{s.groups, s.users, s.serviceAccounts} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s.told, nil
}

// storing is a partial import that was built, on its way to the users and groups of a realm.
type storing struct {
	*partial
	members user.Members
	hashes  *passwords
	told    []event.Admin
}

func (s *storing) tell(operation, resource, path string, o keycloak.Object) {
	s.told = append(s.told, s.Author.Of(s.draft.Realm(), operation, resource, path, o)...)
}

func (s *storing) groups() error {
	for _, g := range s.goneGroups {
		if err := s.members.DeleteGroup(g.Key); err != nil {
			return err
		}
		s.tell(audit.Delete, "GROUP", "groups/"+g.Key, nil)
	}
	for _, g := range s.contents.Groups {
		if err := s.members.PutGroup(g); err != nil {
			return err
		}
		s.tell(audit.Create, "GROUP", "groups/"+g.Key, keycloak.FromGroup(s.draft.Realm(), g))
	}
	return nil
}

func (s *storing) users() error {
	for _, id := range s.goneUsers {
		if err := s.members.DeleteUser(id); err != nil {
			return err
		}
		s.tell(audit.Delete, "USER", "users/"+id, nil)
	}
	for _, person := range s.accounts {
		if err := s.hashes.fill(&person); err != nil {
			return err
		}
		if err := s.create(person.Account); err != nil {
			return err
		}
	}
	return nil
}

func (s *storing) serviceAccounts() error {
	for _, account := range s.contents.ServiceAccounts() {
		if err := s.create(account); err != nil {
			return err
		}
	}
	return nil
}

func (s *storing) create(a user.Account) error {
	a.SoleEmail = !s.draft.Realm().DuplicateEmails
	if err := s.members.CreateUser(a); err != nil {
		if unworded(err) {
			return errDuplicate
		}
		return err
	}
	o := keycloak.Object{}
	o.Put("id", a.User.ID)
	o.Put("username", a.User.Username)
	s.tell(audit.Create, "USER", "users/"+a.User.ID, o)
	return nil
}
