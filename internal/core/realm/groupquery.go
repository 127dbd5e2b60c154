package realm

import (
	"slices"
	"strings"
)

// GroupQuery says which groups of a realm are asked for; the zero value is all. All conditions must
// hold.
type GroupQuery struct {
	Parent     *string // key of the group above; "" asks for those at the top
	Search     string  // a part of the name in any case, or with Exact the name
	Exact      bool
	Attributes map[string]string // one of the values of each attribute
	Role       string            // key: groups that hold it directly
}

// Plain tells whether it asks only for where groups are.
func (q *GroupQuery) Plain() bool { return q.Search == "" && len(q.Attributes) == 0 && q.Role == "" }

// Matches tells whether a group is asked for.
func (q *GroupQuery) Matches(g *Group) bool {
	if q.Parent != nil && *q.Parent != g.Parent || q.Role != "" && !slices.Contains(g.Roles, q.Role) {
		return false
	}
	if q.Exact && q.Search != "" && q.Search != g.Name || !strings.Contains(strings.ToLower(g.Name), strings.ToLower(q.Search)) {
		return false
	}
	for name, value := range q.Attributes {
		if !slices.Contains(g.Attributes[name], value) {
			return false
		}
	}
	return true
}
