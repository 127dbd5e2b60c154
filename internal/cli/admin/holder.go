package admin

import (
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// holder is who has roles.
type holder struct {
	address   string // below the realm
	composite bool   // it is a role that contains others
}

// list is where its roles are: those of a client, or of the realm where client is empty.
func (h holder) list(client, which string) string {
	base := h.address + "/role-mappings"
	if h.composite {
		base = h.address + "/composites"
	}
	switch {
	case which == "all":
		return base
	case client != "":
		base += "/clients/" + client
	default:
		base += "/realm"
	}
	if which != "" {
		base += "/" + which
	}
	return base
}

// collection is where roles are added and removed.
func (h holder) collection(client string) string {
	if h.composite {
		return h.address + "/composites"
	}
	return h.list(client, "")
}

func (c *call) hasUser() bool { return !c.none("--uid", "--uusername") }

func (c *call) hasGroup() bool { return !c.none("--gid", "--gname", "--gpath") }

func (c *call) hasComposite() bool { return !c.none("--rid", "--rname") }

// checkHolder refuses options that name two holders.
func (c *call) checkHolder() error {
	several := func(options ...string) bool {
		n := 0
		for _, o := range options {
			n += len(c.values[o])
		}
		return n > 1
	}
	const users, groups, composites = "--uusername / --uid", "--gname / --gid / --gpath", "--rname / --rid"
	together := "Incompatible options: %s can't be used at the same time as %s"
	switch {
	case several("--uid", "--uusername"):
		return misusef("Incompatible options: --uid and --uusername are mutually exclusive")
	case several("--gid", "--gname", "--gpath"):
		return misusef("Incompatible options: --gid, --gname and --gpath are mutually exclusive")
	case several("--cid", "--cclientid"):
		return misusef("Incompatible options: --cid and --cclientid are mutually exclusive")
	case several("--rid", "--rname"):
		return misusef("Incompatible options: --rid and --rname are mutually exclusive")
	case c.hasUser() && c.hasGroup():
		return misusef(together, users, groups)
	case c.hasUser() && c.hasComposite():
		return misusef(together, users, composites)
	case c.hasGroup() && c.hasComposite():
		return misusef(together, composites, groups)
	}
	return nil
}

// holder finds who the options name.
func (c *call) holder(s *session) (holder, error) {
	switch {
	case c.has("--uid"):
		return holder{address: "users/" + url.PathEscape(c.text("--uid"))}, nil
	case c.has("--uusername"):
		id, err := c.userNamed(s, c.text("--uusername"))
		return holder{address: "users/" + id}, err
	case c.has("--gid"):
		return holder{address: "groups/" + url.PathEscape(c.text("--gid"))}, nil
	case c.has("--gname"):
		name := c.text("--gname")
		id, err := c.find(s, "groups", "name", name, kcadm.Parameter{Name: "search", Value: name}, kcadm.Parameter{Name: "exact", Value: "true"})
		return holder{address: "groups/" + id}, err
	case c.has("--gpath"):
		id, err := c.groupAt(s, c.text("--gpath"))
		return holder{address: "groups/" + id}, err
	case c.has("--rid"):
		return holder{"roles-by-id/" + url.PathEscape(c.text("--rid")), true}, nil
	}
	role, err := c.object(s, "roles/"+url.PathEscape(c.text("--rname")), "Role not found for name: "+c.text("--rname"))
	if err != nil {
		return holder{}, err
	}
	return holder{"roles-by-id/" + role.Text("id"), true}, nil
}
