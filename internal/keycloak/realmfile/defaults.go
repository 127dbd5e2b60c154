package realmfile

import (
	"embed"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

//go:embed defaults/*.json
var defaults embed.FS

// read gives a default document for the realm of this name.
func read[T any](name, realmName string) T {
	data, err := defaults.ReadFile("defaults/" + name + ".json")
	if err != nil {
		panic(err)
	}
	text := strings.ReplaceAll(string(data), "{realm}", url.PathEscape(realmName))
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic("realmfile: defaults/" + name + ".json: " + err.Error())
	}
	return v
}

// master is the realm whose administrators administrate all realms.
const master = "master"

// builtinRoles are the roles that come with a realm. Those of management are of the client that manages
// it, which their composites leave unnamed.
type builtinRoles struct {
	Realm      []keycloak.Object `json:"realm"`
	Account    []keycloak.Object `json:"account"`
	Broker     []keycloak.Object `json:"broker"`
	Management []keycloak.Object `json:"management"`
	Admin      keycloak.Object   `json:"realm-admin"`
	Master     []keycloak.Object `json:"master"`
}

// The built-in client scopes and clients that are spoken of by name.
const (
	scopeOffline        = "offline_access"
	scopeServiceAccount = "service_account"

	clientAccount        = "account"
	clientAccountConsole = "account-console"
	clientAdminConsole   = "security-admin-console"
	clientAdminCLI       = "admin-cli"
	clientBroker         = "broker"
)
