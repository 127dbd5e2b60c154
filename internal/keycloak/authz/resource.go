package authz

import (
	"encoding/json"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// PutResource adds the resource that a body describes, or, with an id, replaces the one that has it, and
// gives its id. Scopes that it names and that are missing are made. One that is replaced keeps its attributes where the
// body has none, and its owner.
func (s *Server) PutResource(id string, body keycloak.Object, names Names, newID func() string) (string, error) {
	owner, err := s.ownerOf(body["owner"], names, id != "") // of one that is there it is looked at, and no more
	if err != nil {
		return "", err
	}
	if old := find(s.Resources, func(r Resource) bool { return id != "" && r.ID == id }); old != nil {
		owner = old.Owner
	}
	return s.putResource(id, body, owner, newID)
}

func (s *Server) putResource(id string, body keycloak.Object, owner json.RawMessage, newID func() string) (string, error) {
	r := Resource{ID: id, Name: body.Text("name"), Kind: body.Text("type"), Owner: owner, UserManaged: keycloak.Value[bool](body, "ownerManagedAccess"),
		DisplayName: body.Text("displayName"), Attributes: keycloak.Value[map[string][]string](body, "attributes"),
		URIs: addresses(keycloak.Value[[]string](body, "uris")), Icon: body.Text("icon_uri")}
	if uri := body.Text("uri"); uri != "" && len(r.URIs) == 0 {
		r.URIs = []string{uri}
	}
	if r.Name == "" {
		return "", &fault.Invalid{Field: "name", Message: "A resource needs a name"}
	}
	old := find(s.Resources, func(other Resource) bool { return id != "" && other.ID == id })
	if id != "" && old == nil {
		return "", fault.ErrNotFound
	}
	if other := find(s.Resources, func(other Resource) bool { return other.Name == r.Name }); other != nil && other != old {
		return "", &Taken{Message: "Resource with name [" + r.Name + "] already exists."}
	}
	switch {
	case r.Attributes != nil:
	case old != nil:
		r.Attributes = old.Attributes
	default:
		r.Attributes = map[string][]string{}
	}
	for _, scope := range scopesOf(body) {
		if scope.Text("id") == "" && scope.Text("name") == "" {
			return "", errNameless
		}
		r.Scopes = append(r.Scopes, Named{s.ensureScope(scope, newID)})
	}
	if old != nil {
		s.replace(settingResources, old.Name, r.Name)
		*old = r
		return id, nil
	}
	if r.ID = body.Text("_id"); r.ID == "" || s.Resource(r.ID) != nil {
		r.ID = newID()
	}
	s.Resources = append(s.Resources, r)
	return r.ID, nil
}

// addresses are URIs, each once and none of them empty.
func addresses(uris []string) (out []string) {
	for _, uri := range uris {
		if uri != "" && !slices.Contains(out, uri) {
			out = append(out, uri)
		}
	}
	return out
}

var errNameless = &fault.Invalid{Field: "name", Message: "A scope needs a name"}

// Taken says that a name is taken, in words of its own. Of policies it has a kind too.
type Taken struct{ Message, Kind string }

func (e *Taken) Error() string { return e.Message }
func (e *Taken) Unwrap() error { return fault.ErrConflict }

// scopesOf are the scopes that the representation of a resource names.
func scopesOf(body keycloak.Object) []keycloak.Object {
	list := keycloak.Value[[]keycloak.Object](body, "scopes")
	if len(list) == 0 {
		list = keycloak.Value[[]keycloak.Object](body, "scopesUma")
	}
	return list
}

// ensureScope is the name of the scope that a reference means; one that is missing is made.
func (s *Server) ensureScope(reference keycloak.Object, newID func() string) string {
	for _, id := range []string{reference.Text("id"), reference.Text("name")} {
		if v := s.Scope(id); id != "" && v != nil {
			return v.Name
		}
	}
	made := Scope{ID: newID(), Name: reference.Text("name"), DisplayName: reference.Text("displayName"), Icon: reference.Text("iconUri")}
	if made.Name == "" {
		made.Name = reference.Text("id")
	}
	s.Scopes = append(s.Scopes, made)
	return made.Name
}

// DeleteResource removes a resource, and the permissions for it alone.
func (s *Server) DeleteResource(id string) error {
	r := find(s.Resources, func(r Resource) bool { return r.ID == id })
	if r == nil {
		return fault.ErrNotFound
	}
	name := r.Name
	s.Resources = slices.DeleteFunc(s.Resources, func(r Resource) bool { return r.ID == id })
	s.dropPermissions(settingResources, name)
	return nil
}

// dropPermissions takes a name out of permissions, and removes those that name nothing else.
func (s *Server) dropPermissions(setting, name string) {
	only := map[string]bool{}
	for _, p := range s.Policies {
		if list := p.names(setting); Permission(p.Kind) && len(list) == 1 && list[0] == name {
			only[p.ID] = true
		}
	}
	s.Policies = slices.DeleteFunc(s.Policies, func(p Policy) bool { return only[p.ID] })
	s.replace(setting, name, "")
}

// ShownResource is a resource as the administration API shows it.
type ShownResource struct {
	Name        string              `json:"name"`
	Kind        string              `json:"type,omitempty"`
	Owner       owner               `json:"owner"`
	UserManaged bool                `json:"ownerManagedAccess"`
	DisplayName string              `json:"displayName,omitempty"`
	Attributes  map[string][]string `json:"attributes,omitzero"`
	ID          string              `json:"_id"`
	URIs        []string            `json:"uris"`
	Icon        string              `json:"icon_uri,omitempty"`
	Scopes      []Scope             `json:"scopes,omitzero"`
}

// ShowResource shows a resource of a client. Without depth scopes and attributes are left out.
func (s *Server) ShowResource(r *Resource, names Names, clientID string, deep bool) ShownResource {
	out := ShownResource{Name: r.Name, Kind: r.Kind, Owner: owner{s.ClientKey, clientID}, UserManaged: r.UserManaged, DisplayName: r.DisplayName,
		ID: r.ID, URIs: append([]string{}, r.URIs...), Icon: r.Icon}
	if id, name := s.Owner(r, names); id != "" {
		out.Owner = owner{id, name}
	}
	if deep {
		out.Attributes = r.Attributes
		for _, named := range r.Scopes {
			if v := s.Scope(named.Name); v != nil {
				out.Scopes = append(out.Scopes, Scope{ID: v.ID, Name: v.Name, Icon: v.Icon})
			}
		}
	}
	return out
}

// PutScope adds the scope that a body describes, or changes the one that has the id or, without an id,
// the name, and gives its id.
func (s *Server) PutScope(id string, body keycloak.Object, newID func() string) (string, error) {
	v := Scope{ID: id, Name: body.Text("name"), DisplayName: body.Text("displayName"), Icon: body.Text("iconUri")}
	if v.Name == "" {
		return "", errNameless
	}
	same := find(s.Scopes, func(other Scope) bool { return other.Name == v.Name })
	old := same
	if id != "" {
		if old = find(s.Scopes, func(other Scope) bool { return other.ID == id }); old == nil {
			return "", fault.ErrNotFound
		}
		if same != nil && same != old {
			return "", &Taken{Message: "Scope with name [" + v.Name + "] already exists."}
		}
	}
	if old == nil {
		if v.ID = body.Text("id"); v.ID == "" || s.Scope(v.ID) != nil {
			v.ID = newID()
		}
		s.Scopes = append(s.Scopes, v)
		return v.ID, nil
	}
	v.ID = old.ID
	s.replace(settingScopes, old.Name, v.Name)
	for i := range s.Resources {
		for j := range s.Resources[i].Scopes {
			if named := &s.Resources[i].Scopes[j]; named.Name == old.Name {
				named.Name = v.Name
			}
		}
	}
	*old = v
	return v.ID, nil
}

// DeleteScope removes a scope, and the permissions for it alone. One that resources have stays.
func (s *Server) DeleteScope(id string) error {
	v := find(s.Scopes, func(v Scope) bool { return v.ID == id })
	if v == nil {
		return fault.ErrNotFound
	}
	name := v.Name
	if slices.ContainsFunc(s.Resources, func(r Resource) bool { return slices.Contains(r.Scopes, Named{name}) }) {
		return &fault.Invalid{Message: "Scopes can not be removed while associated with resources."}
	}
	s.Scopes = slices.DeleteFunc(s.Scopes, func(v Scope) bool { return v.ID == id })
	s.dropPermissions(settingScopes, name)
	return nil
}

// ResourcesWith are the resources that have a scope.
func (s *Server) ResourcesWith(scope string) []Resource {
	var out []Resource
	for _, r := range s.Resources {
		if slices.Contains(r.Scopes, Named{scope}) {
			out = append(out, r)
		}
	}
	return out
}
