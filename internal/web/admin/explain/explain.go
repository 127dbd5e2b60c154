// Package explain tells administrators what a client would get for a user, and why.
package explain

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	People rehearse.People
}

// Routes are the addresses below tokenhouse/explain, and that of the exchange graph. They change nothing; those that are told
// much are POST.
func Routes(d Deps) []rest.Route {
	const below = "/tokenhouse/explain"
	return []rest.Route{
		{Method: "POST", Path: below + "/audience", Need: permit.ToViewClients, Handle: d.audience},
		{Method: "POST", Path: below + "/exchange", Need: permit.ToViewClients, Handle: d.exchange},
		{Method: "POST", Path: below + "/token", Need: permit.ToViewClients, Handle: d.token},
		{Method: "GET", Path: "/tokenhouse/graph", Need: permit.ToViewClients, Handle: exchangeGraph},
	}
}

func (d Deps) audience(w http.ResponseWriter, r *rest.Request) error {
	q, stage, err := d.question(r)
	if err != nil {
		return err
	}
	scene, err := stage.Scene(r.Context(), q)
	if err != nil {
		return err
	}
	return rest.JSON(w, rehearse.OfAudience(scene, q.Want...).Answer())
}

func (d Deps) exchange(w http.ResponseWriter, r *rest.Request) error {
	q, stage, err := d.question(r)
	if err != nil {
		return err
	}
	subject, requester, parameters, err := stage.Exchange(r.Context(), q)
	if err != nil {
		return err
	}
	return rest.JSON(w, rehearse.OfExchange(subject, requester, parameters).Answer())
}

func (d Deps) token(w http.ResponseWriter, r *rest.Request) error {
	q, stage, err := d.question(r)
	if err != nil {
		return err
	}
	scene, err := stage.Scene(r.Context(), q)
	if err != nil {
		return err
	}
	return rest.JSON(w, rehearse.OfToken(scene).Answer())
}

// question reads what is asked. Whoever names a user learns of their roles and attributes.
func (d Deps) question(r *rest.Request) (rehearse.Question, rehearse.Stage, error) {
	var q rehearse.Question
	if err := r.Decode(&q); err != nil {
		return q, rehearse.Stage{}, err
	}
	if q.User != "" {
		if err := r.Demand(permit.ToViewUsers); err != nil {
			return q, rehearse.Stage{}, err
		}
	}
	return q, rehearse.Stage{Realm: r.Realm, People: d.People, Base: r.Base, Now: r.Author.Now}, nil
}
