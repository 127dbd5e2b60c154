// Package mappers is the administration API of the protocol mappers of clients and of client scopes.
package mappers

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/scopes"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what this noun calls.
type Deps struct{ Mappers *manage.Mappers }

// Routes are the addresses of protocol mappers.
func Routes(d Deps) []rest.Route {
	out := resource{d, "/clients/{client}", ofClient}.routes()
	for _, prefix := range scopes.Prefixes {
		out = append(out, resource{d, prefix + "/{scope}", ofScope}.routes()...)
	}
	oidc := resource{d, "/clients/{client}", ofClient}.byProtocol(func(*rest.Request) string { return "openid-connect" })
	return append(out, rest.Route{Method: http.MethodGet, Path: "/clients/{client}/protocol-mappers/oidc", Need: permit.ToViewClients, Handle: oidc})
}

// resource is what has mappers.
type resource struct {
	Deps
	path string
	find func(*rest.Request) (manage.Owner, []realm.Mapper, error)
}

func (s resource) routes() []rest.Route {
	mappers := s.path + "/protocol-mappers"
	one := mappers + "/models/{mapper}"
	protocol := func(r *rest.Request) string { return r.PathValue("protocol") }
	return []rest.Route{
		{Method: http.MethodGet, Path: mappers + "/models", Need: permit.ToViewClients, Handle: s.list},
		{Method: http.MethodPost, Path: mappers + "/models", Need: permit.ToManageClients, Handle: s.add, Exceptional: true},
		{Method: http.MethodPost, Path: mappers + "/add-models", Need: permit.ToManageClients, Handle: s.addAll, Exceptional: true},
		{Method: http.MethodGet, Path: one, Need: permit.ToViewClients, Handle: s.show},
		{Method: http.MethodPut, Path: one, Need: permit.ToManageClients, Handle: s.update, Exceptional: true},
		{Method: http.MethodDelete, Path: one, Need: permit.ToManageClients, Handle: s.remove, Exceptional: true},
		{Method: http.MethodGet, Path: mappers + "/protocol/{protocol}", Need: permit.ToViewClients, Handle: s.byProtocol(protocol)},
	}
}

func ofClient(r *rest.Request) (manage.Owner, []realm.Mapper, error) {
	c, err := r.Client()
	if err != nil {
		return manage.Owner{}, nil, err
	}
	return manage.Owner{Realm: r.Realm.Name, Kind: realm.KindClient, Key: c.Key, Path: "clients/" + c.Key}, c.Mappers, nil
}

func ofScope(r *rest.Request) (manage.Owner, []realm.Mapper, error) {
	s, err := scopes.Find(r)
	if err != nil {
		return manage.Owner{}, nil, err
	}
	return manage.Owner{Realm: r.Realm.Name, Kind: realm.KindScope, Key: s.Key, Path: "client-scopes/" + s.Key}, s.Mappers, nil
}

var (
	errNoMapper = rest.NotFound("Model not found")
	errTaken    = rest.Conflict("Protocol mapper exists with same name")
	errSeveral  = &render.Status{Code: http.StatusConflict, Text: "conflict", Description: "Protocol mapper name must be unique per protocol"}
	errNoID     = rest.BadRequest("Protocol mapper has no id")
)

func (s resource) list(w http.ResponseWriter, r *rest.Request) error {
	return s.answer(w, r, func(realm.Mapper) bool { return true })
}

func (s resource) byProtocol(of func(*rest.Request) string) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		protocol := of(r)
		return s.answer(w, r, func(m realm.Mapper) bool { return m.Protocol == protocol })
	}
}

func (s resource) answer(w http.ResponseWriter, r *rest.Request, wanted func(realm.Mapper) bool) error {
	_, list, err := s.find(r)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	for _, m := range list {
		if wanted(m) {
			out = append(out, keycloak.EffectiveMapper(m))
		}
	}
	return rest.JSON(w, out)
}

func (s resource) show(w http.ResponseWriter, r *rest.Request) error {
	_, m, err := s.mapper(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, keycloak.EffectiveMapper(m))
}

// mapper is the mapper that the address names.
func (s resource) mapper(r *rest.Request) (manage.Owner, realm.Mapper, error) {
	owner, list, err := s.find(r)
	if err != nil {
		return owner, realm.Mapper{}, err
	}
	for _, m := range list {
		if m.Key == r.PathValue("mapper") {
			return owner, m, nil
		}
	}
	return owner, realm.Mapper{}, errNoMapper
}

func (s resource) add(w http.ResponseWriter, r *rest.Request) error {
	owner, _, err := s.find(r)
	if err != nil {
		return err
	}
	body, err := r.Body("ProtocolMapper")
	if err != nil {
		return err
	}
	if !complete(body) {
		return rest.Duplicate
	}
	key, err := s.Mappers.Add(r.Context(), r.Author, owner, body)
	if err != nil {
		return refusal(err, errTaken)
	}
	return rest.Created(w, r, key)
}

func (s resource) addAll(w http.ResponseWriter, r *rest.Request) error {
	owner, _, err := s.find(r)
	if err != nil {
		return err
	}
	bodies, err := r.Bodies("ProtocolMapper")
	if err != nil {
		return err
	}
	for _, body := range bodies {
		if !complete(body) {
			return rest.Duplicate
		}
	}
	return rest.Done(w, refusal(s.Mappers.AddAll(r.Context(), r.Author, owner, bodies), errSeveral))
}

// complete tells whether a mapper has what its owner knows it by. Keycloak calls one that has not a
// duplicate.
func complete(body keycloak.Object) bool { return body.Has("name") && body.Has("protocol") }

// update changes the mapper whose id the body has, which need not be the one of the address.
func (s resource) update(w http.ResponseWriter, r *rest.Request) error {
	owner, _, err := s.mapper(r)
	if err != nil {
		return err
	}
	body, err := r.Body("ProtocolMapper")
	if err != nil {
		return err
	}
	id := body.Text("id")
	if id == "" {
		return errNoID
	}
	return rest.Done(w, refusal(s.Mappers.Update(r.Context(), r.Author, owner, id, body), errTaken))
}

func (s resource) remove(w http.ResponseWriter, r *rest.Request) error {
	owner, m, err := s.mapper(r)
	if err != nil {
		return err
	}
	return rest.Done(w, s.Mappers.Remove(r.Context(), r.Author, owner, m.Key))
}

// refusal is what Keycloak answers to a mapper that cannot be accepted: its settings are judged in other
// words than other input.
func refusal(err, taken error) error {
	if errors.Is(err, fault.ErrConflict) {
		return taken
	}
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
		return &render.Status{Code: http.StatusBadRequest, Text: invalid.Message, Description: invalid.Message}
	}
	return err
}
