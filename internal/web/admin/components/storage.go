package components

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// storage is the user federation that the address names.
func (d Deps) storage(r *rest.Request) (*component.Component, error) {
	c, err := d.find(r, "Could not find component")
	if err != nil {
		return nil, err
	}
	if c.Type != component.TypeUserStorage {
		return nil, rest.NotFound("found, but not a UserStorageProvider")
	}
	return c, nil
}

func (d Deps) storageName(w http.ResponseWriter, r *rest.Request) error {
	c, err := d.storage(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, map[string]string{"id": c.ID, "name": c.Name})
}

// errInactive refuses to work with users of another system: user federation is kept and not acted on.
var errInactive = rest.BadRequest("User federation is kept and not acted on: there are no users of it here")

// inactive refuses what is asked of a user federation that there is.
func (d Deps) inactive(_ http.ResponseWriter, r *rest.Request) error {
	if _, err := d.storage(r); err != nil {
		return err
	}
	return errInactive
}

func (d Deps) inactiveMapper(_ http.ResponseWriter, r *rest.Request) error {
	if _, err := d.storage(r); err != nil {
		return err
	}
	all, err := d.all(r)
	if err != nil {
		return err
	}
	if m := component.Find(all, r.PathValue("mapper")); m == nil || m.Parent != r.PathValue("id") {
		return rest.NotFound("Mapper model not found")
	}
	return errInactive
}

// testLDAP refuses to connect anywhere.
func testLDAP(_ http.ResponseWriter, _ *rest.Request) error {
	return rest.BadRequest("LDAP is kept and not acted on: no connection is made")
}
