package registration

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// convert answers the representation of the client that a text describes: Keycloak's own, or the metadata
// of RFC 7591.
func (d Deps) convert(w http.ResponseWriter, r *rest.Request) error {
	text, err := io.ReadAll(r.Request.Body)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return errUnsupported
	}
	f := plain
	switch {
	case members["clientId"] != nil:
	case members["redirect_uris"] != nil:
		f = oidc
	default:
		return errUnsupported
	}
	checked, err := rest.Check(f.name, text)
	if err != nil {
		return err
	}
	var o keycloak.Object
	if err := json.Unmarshal(checked, &o); err != nil {
		return err
	}
	client, _, err := f.from(o)
	if err != nil {
		return err
	}
	return rest.JSON(w, client)
}

var errUnsupported = &render.Status{Code: http.StatusBadRequest, Text: "Unsupported format"}

// provider is a kind of policy that a realm may have for registration.
type provider struct {
	ID         string            `json:"id"`
	Help       string            `json:"helpText"`
	Properties []json.RawMessage `json:"properties"`
}

// policies answers the kinds of policies.
func (d Deps) policies(w http.ResponseWriter, _ *rest.Request) error {
	out := []provider{}
	for _, k := range component.Kinds(keycloak.RegistrationPolicyType) {
		out = append(out, provider{k.ID, k.Help, k.Properties})
	}
	return rest.JSON(w, out)
}
