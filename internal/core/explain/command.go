package explain

import "strings"

// Setting is a field of a representation and its value, as option -s of the command line takes them.
type Setting struct{ Field, Value string }

// Attribute is the setting of an attribute. Names of attributes have dots and must be quoted.
func Attribute(name, value string) Setting { return Setting{`attributes."` + name + `"`, value} }

// Config is the setting of a mapper's configuration.
func Config(name, value string) Setting { return Setting{`config."` + name + `"`, value} }

// Command is the command that does verb ("create", "update", "delete") to a resource of the realm, as
// typed in a shell. kcadm.sh takes the same one.
func Command(verb, resource, realm string, settings ...Setting) string {
	words := []string{"tokenhouse", "admin", verb, quote(resource), "-r", quote(realm)}
	for _, s := range settings {
		words = append(words, "-s", quote(s.Field+"="+s.Value))
	}
	return strings.Join(words, " ")
}

// All is one command that runs commands one after the other, as long as they succeed.
func All(commands ...string) string { return strings.Join(commands, " && ") }

// plain are the characters that mean themselves in every shell.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+"

// quote makes one word of s.
func quote(s string) string {
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// OnClient is the command that does verb to a client, given by its client_id, or to what is below it: for whoever does not know the
// client's key, which it looks up.
func OnClient(realm, client, verb, below string, settings ...Setting) string {
	return "id=$(" + lookup(realm, client) + ") && " + unquoted(verb, strings.TrimSuffix("clients/$id/"+below, "/"), realm, settings...)
}

// NewScope is the command that makes a client scope with a mapper, and a default scope of a client, given by its client_id.
func NewScope(realm, scope, client string, mapper ...Setting) string {
	made := Command("create", "client-scopes", realm, Setting{"name", scope}, Setting{"protocol", "openid-connect"})
	return All("scope=$("+made+" -i)", unquoted("create", "client-scopes/$scope/protocol-mappers/models", realm, mapper...),
		"id=$("+lookup(realm, client)+")", unquoted("update", "clients/$id/default-client-scopes/$scope", realm))
}

// lookup is the command that prints the key of a client.
func lookup(realm, client string) string {
	return "tokenhouse admin get clients -r " + quote(realm) + " -q " + quote("clientId="+client) + " --fields id --format csv --noquotes"
}

// unquoted is Command of a resource that names variables of the shell.
func unquoted(verb, resource, realm string, settings ...Setting) string {
	const stand = "RESOURCE"
	return strings.Replace(Command(verb, stand, realm, settings...), stand, `"`+resource+`"`, 1)
}
