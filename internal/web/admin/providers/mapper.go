package providers

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// mapperTypes are the types of mappers that the identity provider can have.
func (d Deps) mapperTypes(w http.ResponseWriter, r *rest.Request) error {
	p, err := d.find(r)
	if err != nil {
		return err
	}
	k, _ := idp.Find(p.Kind)
	return rest.JSON(w, k.MapperKinds())
}

// of are the mappers of the identity provider that the address names.
func (d Deps) of(r *rest.Request) ([]idp.Mapper, error) {
	p, err := d.find(r)
	if err != nil {
		return nil, err
	}
	kept, err := d.Documents.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
	if err != nil {
		return nil, err
	}
	return idp.MappersOf(idp.Mappers(r.Realm.Key, kept), p.Alias), nil
}

func (d Deps) mappers(w http.ResponseWriter, r *rest.Request) error {
	list, err := d.of(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, list)
}

func (d Deps) mapper(w http.ResponseWriter, r *rest.Request) error {
	list, err := d.of(r)
	if err != nil {
		return err
	}
	m := idp.FindMapper(list, r.PathValue("alias"), r.PathValue("mapper"))
	if m == nil {
		return rest.NotFound("Model not found")
	}
	return rest.JSON(w, m)
}

// described is the mapper that a request describes. The caller must be one who may give people the role that it
// names, and those of the group that it names and of the groups above: whoever they are, people would have them by
// signing in.
func (d Deps) described(r *rest.Request) (keycloak.Object, error) {
	body, err := r.Body("IdentityProviderMapper")
	if err != nil {
		return nil, err
	}
	m := federation.Mapper{Config: keycloak.Value[map[string]string](body, "config")}
	if role := m.Role(r.Realm); role != nil && !r.MayGrant(role) {
		return nil, rest.Forbidden
	}
	return body, d.mayJoin(r, m.Group())
}

// mayJoin refuses a caller who may not put somebody into the group at a path. One that is not there gives nothing.
func (d Deps) mayJoin(r *rest.Request, path string) error {
	if path == "" {
		return nil
	}
	g, err := d.Groups.GroupByPath(r.Context(), r.Realm.Key, path)
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.DemandJoin(d.Groups, g.Key)
}

func (d Deps) addMapper(w http.ResponseWriter, r *rest.Request) error {
	body, err := d.described(r)
	if err != nil {
		return err
	}
	id, err := d.Mappers.AddMapper(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body)
	if taken, ok := errors.AsType[*fault.Conflict](err); ok && taken.Message == "" {
		return rest.Duplicate
	}
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) updateMapper(w http.ResponseWriter, r *rest.Request) error {
	body, err := d.described(r)
	if err != nil {
		return err
	}
	return rest.Done(w, d.Mappers.UpdateMapper(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), r.PathValue("mapper"), body))
}

func (d Deps) deleteMapper(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Mappers.DeleteMapper(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), r.PathValue("mapper")))
}
