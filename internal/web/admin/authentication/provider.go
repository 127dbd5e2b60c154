package authentication

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// provider is what can be a step of a flow, as lists show it.
type provider struct {
	ID          string `json:"id"`
	Name        string `json:"displayName"`
	Description string `json:"description"`
}

func shown(k authflow.KnownExecution) provider { return provider{k.ID, k.Name, k.Help} }

func known(list func() []authflow.KnownExecution) rest.Handler {
	return func(w http.ResponseWriter, _ *rest.Request) error {
		out := []provider{}
		for _, k := range list() {
			out = append(out, shown(k))
		}
		return rest.JSON(w, out)
	}
}

func clientAuthenticators(w http.ResponseWriter, _ *rest.Request) error {
	type authenticator struct {
		provider
		Secret bool `json:"supportsSecret"`
	}
	out := []authenticator{}
	for _, k := range authflow.ClientAuthenticators() {
		out = append(out, authenticator{shown(k), k.Secret})
	}
	return rest.JSON(w, out)
}

// describe says what an execution has settings for.
func describe(w http.ResponseWriter, r *rest.Request) error {
	id := r.PathValue("provider")
	if !authflow.IsKnown(id) {
		return rest.NotFound("Could not find authenticator provider")
	}
	k := authflow.Known(id)
	return rest.JSON(w, map[string]any{"name": k.Name, "providerId": k.ID, "helpText": k.Help, "properties": properties(k.Properties)})
}

func properties(list []authflow.Property) []authflow.Property {
	return append([]authflow.Property{}, list...)
}

// perClient are the settings that clients have for the ways of authenticating them, other than those that
// are members of a client.
func perClient(w http.ResponseWriter, _ *rest.Request) error {
	out := map[string][]authflow.Property{}
	for _, k := range authflow.ClientAuthenticators() {
		out[k.ID] = properties(k.PerClient)
	}
	return rest.JSON(w, out)
}
