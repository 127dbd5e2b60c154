package realmfile

import (
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// checkIDs refuses a file in which two things of a kind have the same id: one would take the other's
// place, and a group could be its own parent.
func checkIDs(o keycloak.Object) error {
	for _, kind := range []struct{ member, id string }{{"clientScopes", "id"}, {"clients", "id"}, {"identityProviders", "internalId"}} {
		seen := ids{}
		if err := seen.addAll(keycloak.Value[[]keycloak.Object](o, kind.member), kind.member, kind.id); err != nil {
			return err
		}
	}
	roles, seen := keycloak.Value[keycloak.Object](o, "roles"), ids{}
	if err := seen.addAll(keycloak.Value[[]keycloak.Object](roles, "realm"), "roles.realm", "id"); err != nil {
		return err
	}
	ofClients := keycloak.Value[map[string][]keycloak.Object](roles, "client")
	for _, client := range sortedKeys(ofClients) {
		if err := seen.addAll(ofClients[client], "roles.client."+client, "id"); err != nil {
			return err
		}
	}
	seen = ids{}
	if err := seen.addAll(keycloak.KeyProviders(o), "components."+keycloak.KeyProviderType, "id"); err != nil {
		return err
	}
	return ids{}.addGroups(keycloak.Value[[]keycloak.Object](o, "groups"), "groups")
}

// ids are those that were seen.
type ids map[string]bool

func (seen ids) add(o keycloak.Object, path, member string) error {
	id := o.Text(member)
	if id == "" {
		return nil
	}
	if seen[id] {
		return &fault.Invalid{Field: path + "." + member, Message: "the id " + strconv.Quote(id) + " is taken"}
	}
	seen[id] = true
	return nil
}

func (seen ids) addAll(list []keycloak.Object, path, member string) error {
	for i, o := range list {
		if err := seen.add(o, path+"["+strconv.Itoa(i)+"]", member); err != nil {
			return err
		}
	}
	return nil
}

func (seen ids) addGroups(list []keycloak.Object, path string) error {
	for i, o := range list {
		at := path + "[" + strconv.Itoa(i) + "]"
		if err := seen.add(o, at, "id"); err != nil {
			return err
		}
		if err := seen.addGroups(keycloak.Value[[]keycloak.Object](o, "subGroups"), at+".subGroups"); err != nil {
			return err
		}
	}
	return nil
}
