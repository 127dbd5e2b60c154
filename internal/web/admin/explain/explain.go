// Package explain tells administrators what a client would get for a user, and why.
package explain

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	People    rehearse.People
	Documents Documents
	Realms    Realms
	Abroad    rehearse.Abroad
	Obstacles verify.Obstacles
}

// Realms are the server's; fault.ErrNotFound.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Routes are the addresses below tokenhouse/explain, and that of the exchange graph. They change nothing; those that are told
// much are POST.
func Routes(d Deps) []rest.Route {
	const below = "/tokenhouse/explain"
	return []rest.Route{
		{Method: "POST", Path: below + "/audience", Need: permit.ToViewClients, Handle: d.audience},
		{Method: "POST", Path: below + "/exchange", Need: permit.ToViewClients, Handle: d.exchange},
		{Method: "POST", Path: below + "/jwt-grant", Need: permit.ToViewClients, Handle: d.assertion},
		{Method: "POST", Path: below + "/token", Need: permit.ToViewClients, Handle: d.token},
		{Method: "GET", Path: "/tokenhouse/graph", Need: permit.ToViewClients, Handle: exchangeGraph},
		{Method: "POST", Path: "/tokenhouse/graph/check", Need: permit.ToViewClients, Handle: checkGraph},
	}
}

func (d Deps) audience(w http.ResponseWriter, r *rest.Request) error {
	return answer(d, w, r, rehearse.Stage.AnswerAudience)
}

func (d Deps) exchange(w http.ResponseWriter, r *rest.Request) error {
	return answer(d, w, r, rehearse.Stage.AnswerExchange)
}

func (d Deps) assertion(w http.ResponseWriter, r *rest.Request) error {
	return answer(d, w, r, rehearse.Stage.AnswerAssertion)
}

func (d Deps) token(w http.ResponseWriter, r *rest.Request) error {
	return answer(d, w, r, rehearse.Stage.AnswerToken)
}

func answer[T any](d Deps, w http.ResponseWriter, r *rest.Request, of func(rehearse.Stage, context.Context, rehearse.Question) (T, error)) error {
	q, stage, err := d.question(r)
	if err != nil {
		return err
	}
	a, err := of(stage, r.Context(), q)
	if err != nil {
		return err
	}
	return rest.JSON(w, a)
}

// question reads what is asked. Whoever names a user learns of their roles and attributes, and whoever names another issuer
// how its identity provider is used.
func (d Deps) question(r *rest.Request) (rehearse.Question, rehearse.Stage, error) {
	var q rehearse.Question
	if err := r.Decode(&q); err != nil {
		return q, rehearse.Stage{}, err
	}
	if q.NamesUser() {
		if err := r.Demand(permit.ToViewUsers); err != nil {
			return q, rehearse.Stage{}, err
		}
	}
	if q.NamesProvider() {
		if err := r.Demand(permit.ToViewProviders); err != nil {
			return q, rehearse.Stage{}, err
		}
	}
	stage := rehearse.Stage{Realm: r.Realm, People: d.People, Policies: police.Judge{Kept: d.Documents}, Base: r.Base, Now: r.Author.Now,
		Abroad: d.Abroad, Obstacles: d.Obstacles, Neighbour: d.neighbours(r)}
	if len(q.With) == 0 {
		return q, stage, nil
	}
	var err error
	stage.Supposed, err = Suppose(r, d.Documents, q.With)
	return q, stage, err
}

// neighbours are the other realms of the server, as far as the caller may see their clients and users.
func (d Deps) neighbours(r *rest.Request) rehearse.Neighbour {
	return func(ctx context.Context, name string) (*realm.Realm, error) {
		other, err := d.Realms.Realm(ctx, name)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return nil, rest.Forbidden
		case err != nil:
			return nil, err
		}
		if rights := r.Administrator.RightsIn(other); !rights.May(permit.ToViewClients) || !rights.May(permit.ToViewUsers) {
			return nil, rest.Forbidden
		}
		return other, nil
	}
}

// Documents are what is kept of the documents of realms.
type Documents interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Suppose is the realm of a request as it would be after a change.
func Suppose(r *rest.Request, documents Documents, change []byte) (*realm.Realm, error) {
	c, err := manage.ReadChange(change)
	if err != nil {
		return nil, err
	}
	return manage.Suppose(r.Realm, c, func(kind realm.Kind, key string) (realm.Extra, error) {
		return documents.Extra(r.Context(), r.Realm.Key, kind, key)
	}, r.Author)
}
