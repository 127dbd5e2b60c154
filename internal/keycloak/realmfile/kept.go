package realmfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// keptMembers lists the members of a realm that say something other than a new realm has, and that
// nothing here acts on.
func keptMembers(file keycloak.Object, realmName string) []keycloak.Note {
	defaults := read[keycloak.Object]("realm", realmName)
	var notes []keycloak.Note
	for _, member := range sortedKeys(file) {
		value := file[member]
		if slices.Contains(actedOn, member) || slices.Contains(silent, member) || empty(string(value)) || sameButIDs(value, defaults[member]) {
			continue
		}
		switch member {
		case "components":
			notes = append(notes, keptComponents(file, defaults)...)
			continue
		case "identityProviderMappers":
			notes = append(notes, keptMappers(file)...)
			continue
		}
		notes = append(notes, keycloak.Note{Path: member, Text: notActedOn})
	}
	notes = append(notes, keptFlows(file, defaults)...)
	if strings.Contains(file.Text("passwordPolicy"), "passwordBlacklist") {
		notes = append(notes, keycloak.Note{Path: "passwordPolicy", Text: notActedOn + ": passwordBlacklist, whose list is a file of the other server"})
	}
	for _, attribute := range sortedKeys(keycloak.Value[map[string]string](file, "attributes")) {
		value := keycloak.Value[map[string]string](file, "attributes")[attribute]
		builtin := keycloak.Value[map[string]string](defaults, "attributes")[attribute]
		if !keycloak.BindsSetting(attribute) && value != builtin && !off(value) {
			notes = append(notes, keycloak.Note{Path: "attributes." + attribute, Text: notActedOn})
		}
	}
	return notes
}

const notActedOn = "kept, not acted on"

// actedOn are the members of a realm that are resolved, bound to settings, or read where they count.
var actedOn = append([]string{"id", "realm", "attributes", "clients", "clientScopes", "roles", "groups", "identityProviders",
	"defaultRole", "defaultRoles", "defaultGroups", "defaultDefaultClientScopes", "defaultOptionalClientScopes",
	"scopeMappings", "clientScopeMappings", "clientProfiles", "clientPolicies", "keycloakVersion", "privateKey", "certificate", "publicKey"}, slices.Concat(keycloak.BoundMembers(), keycloak.ReadMembers())...)

// silent are members that change nothing that anybody could miss.
var silent = []string{"displayName", "displayNameHtml", "requiredCredentials", "codeSecret"}

func empty(value string) bool {
	return value == "[]" || value == "{}" || value == `""` || value == "false" || value == "0"
}

// off tells whether an attribute asks for nothing.
func off(value string) bool { return value == "" || value == "false" || value == "0" || value == "{}" }

// keptMappers lists the mappers of identity providers whose kind nothing here acts on.
func keptMappers(file keycloak.Object) []keycloak.Note {
	var notes []keycloak.Note
	for i, m := range keycloak.Value[[]keycloak.Object](file, "identityProviderMappers") {
		if kind := m.Text("identityProviderMapper"); !federation.Maps(kind) {
			notes = append(notes, keycloak.Note{Path: "identityProviderMappers[" + strconv.Itoa(i) + "]",
				Text: notActedOn + ": an identity provider mapper of type " + strconv.Quote(kind)})
		}
	}
	return notes
}

func keptComponents(file, defaults keycloak.Object) []keycloak.Note {
	builtin := keycloak.OtherComponents(defaults)
	var notes []keycloak.Note
	components := keycloak.OtherComponents(file)
	for _, kind := range sortedKeys(components) {
		if kind == keycloak.ProfileType {
			continue
		}
		list := keycloak.Object{}
		list.Put("list", components[kind])
		known := keycloak.Object{}
		known.Put("list", builtin[kind])
		if !sameButIDs(list["list"], known["list"]) {
			notes = append(notes, keycloak.Note{Path: "components." + kind, Text: notActedOn})
		}
	}
	return notes
}

// keptOfClient lists what a client asks for that nothing here acts on.
func keptOfClient(o keycloak.Object) []keycloak.Note {
	var notes []keycloak.Note
	if protocol := o.Text("protocol"); protocol != "" && protocol != "openid-connect" {
		return []keycloak.Note{{Path: "protocol", Text: notActedOn + ": a client of protocol " + protocol}}
	}
	for _, member := range []string{"adminUrl", "authorizationServicesEnabled",
		"authorizationSettings", "registeredNodes", "surrogateAuthRequired", "registrationAccessToken"} {
		if value, ok := o[member]; ok && !empty(string(value)) {
			notes = append(notes, keycloak.Note{Path: member, Text: notActedOn})
		}
	}
	const flows = "authenticationFlowBindingOverrides"
	overrides := keycloak.Value[map[string]string](o, flows)
	for _, what := range sortedKeys(overrides) {
		if what != "browser" && overrides[what] != "" {
			notes = append(notes, keycloak.Note{Path: flows + "." + what, Text: notActedOn})
		}
	}
	attributes := keycloak.Value[map[string]string](o, "attributes")
	for _, name := range sortedKeys(attributes) {
		if !keycloak.BindsClient(name) && !off(attributes[name]) && !slices.Contains(informative, name) {
			notes = append(notes, keycloak.Note{Path: "attributes." + name, Text: notActedOn})
		}
	}
	return notes
}

// informative are attributes of clients that only tell, or whose effect needs no code.
var informative = []string{"client.secret.creation.time", "realm_client", "saml.artifact.binding.identifier"}
