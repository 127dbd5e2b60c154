package mappings

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// changing finds the subject and the part of its roles that are to be changed.
func (s resource) changing(of func(*rest.Request) (string, error), change func(r *rest.Request, found *subject, container string) error) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		found, err := s.find(r)
		if err != nil {
			return err
		}
		container, err := of(r)
		if err != nil {
			return err
		}
		return rest.Done(w, change(r, found, container))
	}
}

// grant gives the subject the roles that the body names.
func (s resource) grant(r *rest.Request, found *subject, container string) error {
	bodies, err := r.Bodies("Role")
	if err != nil {
		return err
	}
	if bodies == nil {
		return rest.BadRequest("No roles are given")
	}
	p, err := s.named(r, container, bodies)
	if err != nil {
		return err
	}
	return found.add(r.Context(), p)
}

// revoke takes the roles from the subject that the body names, and all of the part without a body.
func (s resource) revoke(r *rest.Request, found *subject, container string) error {
	bodies, err := r.Bodies("Role")
	if err != nil {
		return err
	}
	var p people.Part
	if bodies == nil {
		p, err = s.every(r, found, container)
	} else {
		p, err = s.named(r, container, bodies)
	}
	if err != nil {
		return err
	}
	return found.remove(r.Context(), p)
}

// named are the roles that a body names.
func (s resource) named(r *rest.Request, container string, bodies []keycloak.Object) (people.Part, error) {
	p := people.Part{Client: container}
	for _, o := range bodies {
		role, err := s.resolve(r.Realm, container, o)
		if err != nil {
			return p, err
		}
		if !s.may(r, role) {
			return p, rest.Forbidden
		}
		p.Roles = append(p.Roles, role.Key)
	}
	return p, nil
}

// every are all roles of the part that the subject has itself.
func (s resource) every(r *rest.Request, found *subject, container string) (people.Part, error) {
	p := people.Part{Client: container}
	for _, key := range found.keys {
		role := r.Realm.RoleByKey(key)
		if role == nil || role.Client != container {
			continue
		}
		if !s.may(r, role) {
			return p, rest.Forbidden
		}
		p.Roles = append(p.Roles, key)
	}
	return p, nil
}
