package manage

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// supposable are the members of a change beside the realm's settings.
var supposable = []string{"clients", "clientScopes", "roles", "scopeMappings", "clientScopeMappings"}

// unsupposable are members of a realm that a change cannot have: what they say is no configuration, or bears on no decision.
var unsupposable = []string{"users", "groups", "federatedUsers", "defaultRole", "defaultRoles", "defaultGroups", "defaultDefaultClientScopes",
	"defaultOptionalClientScopes", "identityProviders", "identityProviderMappers", "components"}

// Change is a change of a realm that is only supposed: a partial representation of it, and what of it goes.
type Change struct {
	merge keycloak.Object
	gone  gone
}

// gone are things that a change takes away, by their names.
type gone struct {
	Clients      []string `json:"clients"`
	ClientScopes []string `json:"clientScopes"`
}

// ReadChange reads a change: the JSON of a partial representation of a realm, with what goes in a member "remove", as
// {"remove": {"clients": ["shop"], "clientScopes": ["orders"]}}. What is wrong with it is a *fault.Invalid.
func ReadChange(data []byte) (Change, error) {
	wrong := func(why string) (Change, error) {
		return Change{}, &fault.Invalid{Field: "with", Message: "no change of a realm: " + why}
	}
	var c Change
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil || whole == nil {
		return wrong("no JSON object")
	}
	if remove, ok := whole["remove"]; ok {
		d := json.NewDecoder(bytes.NewReader(remove))
		d.DisallowUnknownFields()
		if err := d.Decode(&c.gone); err != nil {
			return wrong(`"remove" has lists "clients" and "clientScopes"`)
		}
		delete(whole, "remove")
	}
	for _, member := range unsupposable {
		if _, has := whole[member]; has {
			return wrong("it cannot have " + strconv.Quote(member))
		}
	}
	rest, err := json.Marshal(whole)
	if err != nil {
		return wrong(err.Error())
	}
	checked, err := keycloak.Check("Realm", rest)
	if err != nil {
		return wrong(err.Error())
	}
	return c, json.Unmarshal(checked, &c.merge)
}
