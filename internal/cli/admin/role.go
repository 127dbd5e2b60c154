package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// addRoles gives roles to a user, a group or a composite role.
func (c *call) addRoles() error { return c.changeRoles(http.MethodPost, "add") }

// removeRoles takes them away again.
func (c *call) removeRoles() error { return c.changeRoles(http.MethodDelete, "remove") }

func (c *call) changeRoles(method, verb string) error {
	if err := c.checkHolder(); err != nil {
		return err
	}
	if c.none("--rolename", "--roleid") {
		return misusef("No role to %s specified. Use --rolename or --roleid to specify roles to %s", verb, verb)
	}
	if !c.hasUser() && !c.hasGroup() && !c.hasComposite() {
		return misusef("No user nor group nor composite role specified. Use --uusername / --uid to specify user or --gname / --gid / --gpath to specify group or --rname / --rid to specify a composite role")
	}
	s, err := c.connect()
	if err != nil {
		return err
	}
	holder, err := c.holder(s)
	if err != nil {
		return err
	}
	client, err := c.client(s)
	if err != nil {
		return err
	}
	roles, err := c.roles(s, client)
	if err != nil {
		return err
	}
	address := holder.collection(client)
	h := s.headers()
	h.Set("Content-Type", "application/json")
	a, err := s.client.Do(c.ctx, method, s.below(address), h, kcadm.Compact(roles))
	if err != nil {
		return fmt.Errorf("HTTP request failed: %s %s: %w", method, s.below(address), err)
	}
	return a.Check(s.below(address))
}

// getRoles lists the roles of a user, a group, a composite role, a client or the realm, or one of them.
func (c *call) getRoles() error {
	if err := c.checkHolder(); err != nil {
		return err
	}
	switch {
	case c.has("--all") && c.has("--effective"):
		return misusef("Incompatible options: --all can't be used at the same time as --effective")
	case c.has("--all") && c.has("--available"):
		return misusef("Incompatible options: --all can't be used at the same time as --available")
	case c.has("--roleid") && c.has("--rolename"):
		return misusef("Incompatible options: --roleid and --rolename are mutually exclusive")
	case c.hasComposite() && c.has("--available"):
		return misusef("Option --available not supported with composite roles. Try '%s", c.listOfAll())
	case c.hasComposite() && c.has("--effective"):
		return misusef("Option --effective not supported with composite roles.")
	}
	c.arguments = []string{"roles"} // the real one is known once the server was asked
	q, err := c.query(http.MethodGet)
	if err != nil {
		return err
	}
	s, err := c.connect()
	if err != nil {
		return err
	}
	if q.uri, err = c.rolesAddress(s); err != nil {
		return err
	}
	return c.send(s, q)
}

// listOfAll is the command that lists the roles of the client that the options name, or of the realm, and what it lists.
func (c *call) listOfAll() string {
	for _, option := range []string{"--cid", "--cclientid"} {
		if c.has(option) {
			return fmt.Sprintf("%s get-roles %s %s' for full list of client roles for that client", c.program.Name, option, c.text(option))
		}
	}
	return c.program.Name + " get-roles' for full list of realm roles"
}

// rolesAddress is where the roles are that the options of get-roles name.
func (c *call) rolesAddress(s *session) (string, error) {
	client, err := c.client(s)
	if err != nil {
		return "", err
	}
	if c.hasUser() || c.hasGroup() || c.hasComposite() {
		h, err := c.holder(s)
		if err != nil {
			return "", err
		}
		return h.list(client, c.which()), nil
	}
	collection := "roles"
	if client != "" {
		collection = "clients/" + client + "/roles"
	}
	switch {
	case c.has("--rolename"):
		return collection + "/" + url.PathEscape(c.text("--rolename")), nil
	case c.has("--roleid"):
		return "roles-by-id/" + url.PathEscape(c.text("--roleid")), nil
	}
	return collection, nil
}

// which roles of a holder are listed.
func (c *call) which() string {
	switch {
	case c.has("--available"):
		return "available"
	case c.has("--effective"):
		return "composite"
	case c.has("--all"):
		return "all"
	}
	return ""
}

// client finds the client whose roles the options mean; empty where they mean those of the realm.
func (c *call) client(s *session) (string, error) {
	if c.has("--cid") || !c.has("--cclientid") {
		return url.PathEscape(c.text("--cid")), nil
	}
	id := c.text("--cclientid")
	return c.find(s, "clients", "clientId", id, kcadm.Parameter{Name: "clientId", Value: id},
		kcadm.Parameter{Name: "first", Value: "0"}, kcadm.Parameter{Name: "max", Value: "2"})
}

func (c *call) userNamed(s *session, name string) (string, error) {
	return c.find(s, "users", "username", name, kcadm.Parameter{Name: "username", Value: name}, kcadm.Parameter{Name: "exact", Value: "true"})
}

func (c *call) groupAt(s *session, path string) (string, error) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	g, err := c.object(s, "group-by-path/"+strings.Join(parts, "/"), "Group not found for path: "+path)
	if err != nil {
		return "", err
	}
	return g.Text("id"), nil
}

// find is the id of what has this value in a member of a collection: exactly one.
func (c *call) find(s *session, collection, member, value string, parameters ...kcadm.Parameter) (string, error) {
	address := kcadm.WithQuery(s.below(collection), parameters...)
	v, err := c.fetch(s, address)
	if err != nil {
		return "", err
	}
	list, _ := v.([]any)
	var found []*kcadm.Object
	for _, item := range list {
		if o, ok := item.(*kcadm.Object); ok && o.Text(member) == value {
			found = append(found, o)
		}
	}
	noun := strings.ToUpper(collection[:1]) + collection[1:len(collection)-1]
	switch {
	case len(found) > 1:
		return "", fmt.Errorf("Multiple %s found for %s: %s", collection, member, value)
	case len(found) == 0 && len(list) > 1:
		return "", fmt.Errorf("Some matches, but not an exact match, found for %s with %s: %s. Try using a more unique search, such as an id.", noun, member, value)
	case len(found) == 0:
		return "", fmt.Errorf("%s not found for %s: %s", noun, member, value)
	}
	return found[0].Text("id"), nil
}

// roles are the representations of the roles that the options name.
func (c *call) roles(s *session, client string) ([]any, error) {
	collection := "roles"
	if client != "" {
		collection = "clients/" + client + "/roles"
	}
	var out []any
	for _, name := range c.values["--rolename"] {
		r, err := c.object(s, collection+"/"+url.PathEscape(name), "Role not found for name: "+name)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for _, id := range c.values["--roleid"] {
		r, err := c.object(s, "roles-by-id/"+url.PathEscape(id), "Role not found for id: "+id)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// object fetches a representation; missing is the error where there is none.
func (c *call) object(s *session, address, missing string) (*kcadm.Object, error) {
	v, err := c.fetch(s, s.below(address))
	if refused, ok := errors.AsType[*kcadm.Refused](err); ok && refused.Code == http.StatusNotFound {
		return nil, errors.New(missing)
	}
	if err != nil {
		return nil, err
	}
	o, ok := v.(*kcadm.Object)
	if !ok {
		return nil, fmt.Errorf("Not a JSON object: %s", kcadm.Compact(v))
	}
	return o, nil
}

// fetch gets JSON.
func (c *call) fetch(s *session, address string) (any, error) {
	h := s.headers()
	h.Set("Accept", "application/json")
	a, err := s.client.Do(c.ctx, http.MethodGet, address, h, nil)
	if err != nil {
		return nil, fmt.Errorf("HTTP request failed: GET %s: %w", address, err)
	}
	if err := a.Check(address); err != nil {
		return nil, err
	}
	v, err := kcadm.Parse(a.Body)
	if err != nil {
		return nil, fmt.Errorf("Failed to read JSON response: %w", err)
	}
	return v, nil
}

// below is the address of something in the realm that the requests are about.
func (s *session) below(path string) string {
	return strings.TrimSuffix(s.root, "/") + "/realms/" + url.PathEscape(s.target) + "/" + path
}
