package explain

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// exchangeGraph tells who reaches whom: all of it, or what the parameters from, to and client ask for.
func exchangeGraph(w http.ResponseWriter, r *rest.Request) error {
	q := r.URL.Query()
	answer, err := rehearse.OfGraph(graph.Build(r.Realm, r.Realm.Issuer(r.Base)),
		rehearse.GraphQuestion{From: q.Get("from"), To: q.Get("to"), Client: q.Get("client")})
	if err != nil {
		return err
	}
	return rest.JSON(w, answer)
}

// checkGraph tells which paths there are that a policy forbids.
func checkGraph(w http.ResponseWriter, r *rest.Request) error {
	var policy rehearse.GraphPolicy
	if err := r.Decode(&policy); err != nil {
		return err
	}
	return rest.JSON(w, rehearse.OfPolicy(graph.Build(r.Realm, r.Realm.Issuer(r.Base)), policy))
}
