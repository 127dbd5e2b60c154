package explain

import "encoding/json"

// AddRole is the command that gives a user a role: of a client, by its client_id, or of the realm.
func AddRole(realm, username, client, role string) string {
	command := "tokenhouse admin add-roles -r " + quote(realm) + " --uusername " + quote(username)
	if client != "" {
		command += " --cclientid " + quote(client)
	}
	return command + " --rolename " + quote(role)
}

// MapRole is the command that lets a client carry a role by a scope mapping. Clients and role are given
// by their keys; an empty owner is the realm.
func MapRole(realm, client, owner, key, name string) string {
	resource := "clients/" + client + "/scope-mappings/realm"
	if owner != "" {
		resource = "clients/" + client + "/scope-mappings/clients/" + owner
	}
	body, _ := json.Marshal([]map[string]string{{"id": key, "name": name}}) // strings can always be written
	return Command("create", resource, realm) + " -b " + quote(string(body))
}

// DropRoles is the command that takes roles of a client, by its client_id, out of a role of the realm that
// includes them.
func DropRoles(realm, from, client string, roles ...string) string {
	command := "tokenhouse admin remove-roles -r " + quote(realm) + " --rname " + quote(from) + " --cclientid " + quote(client)
	for _, role := range roles {
		command += " --rolename " + quote(role)
	}
	return command
}
