package realm

import "slices"

// Role is a realm role, or a role of a client.
type Role struct {
	Key        string
	Name       string
	Client     string   // key of the client; empty for a realm role
	Composites []string // keys of the roles that it includes

	Extra Extra `json:"-"`
}

// RoleRef names a role: Client is a client_id, empty for a realm role.
type RoleRef struct {
	Client string
	Name   string
}

func (f RoleRef) String() string {
	if f.Client == "" {
		return f.Name
	}
	return f.Client + "/" + f.Name
}

func (r *Role) key() string  { return r.Key }
func (r *Role) name() string { return r.Client + "\x00" + r.Name }

// Group is a group of users. It is state: users carry theirs.
type Group struct {
	Key        string
	Parent     string // key; empty at the top
	Name       string
	Path       string              // from the top, as "/staff/night shift"
	Attributes map[string][]string `json:",omitempty"`
	Roles      []string            `json:",omitempty"` // keys

	Extra Extra `json:"-"`
}

// RoleSet is roles without doubles, in the order they were added.
type RoleSet struct {
	list []*Role
	seen map[*Role]bool
}

// All are the roles of the set.
func (s *RoleSet) All() []*Role { return s.list }

// Has tells whether the set holds the role.
func (s *RoleSet) Has(role *Role) bool {
	if s.seen != nil {
		return s.seen[role]
	}
	return slices.Contains(s.list, role)
}

// Add puts a role into the set, and tells whether it was new.
func (s *RoleSet) Add(role *Role) bool {
	if s.Has(role) {
		return false
	}
	if s.list == nil {
		s.list = make([]*Role, 0, 8)
	}
	s.list = append(s.list, role)
	switch {
	case s.seen != nil:
		s.seen[role] = true
	case len(s.list) > 16: // small sets, nearly all, are searched faster without a map
		s.seen = make(map[*Role]bool, 2*len(s.list))
		for _, r := range s.list {
			s.seen[r] = true
		}
	}
	return true
}

// Expand adds the roles with these keys, and all that they include, to the set. Keys of roles that
// are gone are passed over.
func (r *Realm) Expand(set *RoleSet, keys ...string) {
	for _, key := range keys {
		role := r.roles.keyed(key)
		if role == nil || !set.Add(role) {
			continue
		}
		r.Expand(set, role.Composites...)
	}
}
