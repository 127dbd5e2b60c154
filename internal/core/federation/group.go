package federation

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Group is the path of the group that the mapper's configuration names, or empty. Who writes such a mapper puts people
// into the group.
func (m *Mapper) Group() string { return m.Config["group"] }

// join puts whom the test is true of into the mapper's group.
func join(is test) func(*adoption, *Mapper) {
	return func(a *adoption, m *Mapper) {
		if path := m.Group(); path != "" && is(&a.Person, m) {
			a.joinGroup(m, path)
		}
	}
}

// member puts whom the test is true of into the mapper's group, and takes others out of it, unless a mapper
// before this one put them in.
func member(is test) func(*adoption, *Mapper) {
	return func(a *adoption, m *Mapper) {
		path := m.Group()
		switch {
		case path == "" || a.joined[path]:
		case is(&a.Person, m):
			a.joined[path] = true
			a.joinGroup(m, path)
		default:
			a.leaveGroup(m, path)
		}
	}
}

func (a *adoption) joinGroup(m *Mapper, path string) {
	a.Leave = slices.DeleteFunc(a.Leave, func(p string) bool { return p == path })
	if a.inGroup(path) || slices.Contains(a.Join, path) {
		return
	}
	a.Join = append(a.Join, path)
	a.Trace.Add(explain.ProviderGroup, explain.Added, path, m.Name)
}

func (a *adoption) leaveGroup(m *Mapper, path string) {
	if !a.inGroup(path) || slices.Contains(a.Leave, path) {
		return
	}
	a.Leave = append(a.Leave, path)
	a.Trace.Add(explain.ProviderGroup, explain.Dropped, path, m.Name)
}

// inGroup tells whether the user has joined the group itself.
func (a *adoption) inGroup(path string) bool {
	return slices.ContainsFunc(a.User.Joined(), func(g *realm.Group) bool { return g.Path == path })
}
