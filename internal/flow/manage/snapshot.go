package manage

import (
	"cmp"
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Snapshot is a realm of a file in memory, for decisions without a store.
type Snapshot struct {
	Realm  *realm.Realm
	Users  []*user.User // with Groups filled in
	Groups []*realm.Group
	Notes  []keycloak.Note
}

// Read reads the realms of a file without storing them. Passwords are not hashed and no keys are made.
func (m *Realms) Read(ctx context.Context, doc Document) ([]Snapshot, error) {
	plans, err := m.plan([]document{{open: doc}})
	if err != nil {
		return nil, err
	}
	var out []Snapshot
	for _, p := range plans {
		s := Snapshot{Realm: p.contents.Draft.Realm(), Groups: p.contents.Groups, Notes: p.notes()}
		above := ancestry(p.contents.Groups)
		add := func(u user.User) {
			u.Groups = joined(above, u.GroupKeys)
			s.Users = append(s.Users, &u)
		}
		for person, err := range m.people(p) {
			if err := cmp.Or(err, ctx.Err()); err != nil {
				return nil, err
			}
			add(person.User)
		}
		for _, account := range p.contents.ServiceAccounts() {
			add(account.User)
		}
		out = append(out, s)
	}
	return out, nil
}

// Lineage are the groups with these keys and all above them, each once.
func (s Snapshot) Lineage(keys []string) []*realm.Group { return joined(ancestry(s.Groups), keys) }

// ancestry gives each group with all above it, by key.
func ancestry(groups []*realm.Group) map[string][]*realm.Group {
	out := map[string][]*realm.Group{}
	for _, g := range groups { // parents come before their children
		out[g.Key] = append([]*realm.Group{g}, out[g.Parent]...)
	}
	return out
}

// joined are the groups with these keys and all above them, each once.
func joined(above map[string][]*realm.Group, keys []string) []*realm.Group {
	var out []*realm.Group
	seen := map[string]bool{}
	for _, key := range keys {
		for _, g := range above[key] {
			if !seen[g.Key] {
				seen[g.Key] = true
				out = append(out, g)
			}
		}
	}
	return out
}
