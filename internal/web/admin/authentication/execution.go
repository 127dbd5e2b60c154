package authentication

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// lines are the executions of a flow with those of the flows within it.
func (d Deps) lines(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	f := set.FlowOf(r.PathValue("alias"))
	if f == nil {
		return rest.NotFound("Flow not found")
	}
	return rest.JSON(w, set.Lines(f))
}

func (d Deps) execution(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	view, ok := set.View(r.PathValue("id"))
	if !ok {
		return rest.NotFound("Illegal execution")
	}
	return rest.JSON(w, view)
}

func (d Deps) changeExecution(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticationExecutionInfo")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Executions.ChangeExecution(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body))
}

func (d Deps) addExecution(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("ExecutionToAdd")
	if err != nil {
		return err
	}
	id, err := d.Executions.AddExecution(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body)
	if err != nil {
		return err
	}
	return rest.CreatedAt(w, r, below(r, "executions/"+id))
}

func (d Deps) addSubFlow(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("ExecutionToAdd")
	if err != nil {
		return err
	}
	id, err := d.Executions.AddSubFlow(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body)
	if err != nil {
		return err
	}
	return rest.CreatedAt(w, r, below(r, "flows/"+id))
}

func (d Deps) putExecution(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticationExecution")
	if err != nil {
		return err
	}
	id, err := d.Executions.PutExecution(r.Context(), r.Author, r.Realm.Name, body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) deleteExecution(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Executions.DeleteExecution(r.Context(), r.Author, r.Realm.Name, r.PathValue("id")))
}

func (d Deps) raise(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Executions.RaiseExecution(r.Context(), r.Author, r.Realm.Name, r.PathValue("id")))
}

func (d Deps) lower(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Executions.LowerExecution(r.Context(), r.Author, r.Realm.Name, r.PathValue("id")))
}
