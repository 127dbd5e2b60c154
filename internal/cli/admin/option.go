package admin

import "slices"

// arity is how often an option may be given, and whether it has a value.
type arity int

const (
	flag arity = iota // no value
	once
	many
)

// option is an option as the command line has it. Its last name is the one that it is known by.
type option struct {
	names []string
	label string // of the value, in errors
	arity arity
}

func (o option) name() string { return o.names[len(o.names)-1] }

// options are those of several commands, one after the other.
func options(groups ...[]option) []option { return slices.Concat(groups...) }

// naming are the options that say which server, realm, user, group, role or client is meant. None of them may be empty,
// as a variable that is not set leaves it: what is then meant is never what is there by default.
var naming = []string{"--config", "--server", "--realm", "--client", "--user", "--admin-root", "--target-realm", "--token", "--uusername", "--uid",
	"--gname", "--gpath", "--gid", "--rname", "--rid", "--cclientid", "--cid", "--rolename", "--roleid", "--username", "--userid"}

// Groups of options, in the order in which they are suggested.
var (
	general     = []option{{[]string{"--help"}, "", flag}, {[]string{"-x"}, "", flag}}
	credentials = []option{
		{[]string{"--config"}, "config", once}, {[]string{"--no-config"}, "", flag},
		{[]string{"--server"}, "server", once}, {[]string{"--realm"}, "realm", once},
		{[]string{"--client"}, "clientId", once}, {[]string{"--user"}, "user", once},
		{[]string{"--password"}, "password", once}, {[]string{"--secret"}, "secret", once},
		{[]string{"--keystore"}, "keystore", once}, {[]string{"--storepass"}, "storePass", once},
		{[]string{"--keypass"}, "keyPass", once}, {[]string{"--alias"}, "alias", once},
		{[]string{"--truststore"}, "trustStore", once}, {[]string{"--trustpass"}, "trustPass", once},
		{[]string{"--insecure"}, "", flag},
	}
	target = []option{
		{[]string{"-a", "--admin-root"}, "adminRestRoot", once},
		{[]string{"-r", "--target-realm"}, "targetRealm", once},
		{[]string{"--token"}, "externalToken", once},
	}
	request = []option{
		{[]string{"-h", "--header"}, "rawHeaders", many}, {[]string{"-q", "--query"}, "rawFilters", many},
		{[]string{"-s", "--set"}, "set", many}, {[]string{"-d", "--delete"}, "delete", many},
	}
	body = []option{
		{[]string{"-f", "--file"}, "file", once}, {[]string{"-b", "--body"}, "body", once},
		{[]string{"-F", "--fields"}, "fields", once}, {[]string{"-H", "--print-headers"}, "", flag},
	}
	created = []option{{[]string{"-i", "--id"}, "", flag}}
	merging = []option{{[]string{"-m", "--merge"}, "", flag}, {[]string{"-n", "--no-merge"}, "", flag}}
	output  = []option{{[]string{"-o", "--output"}, "", flag}, {[]string{"-c", "--compressed"}, "", flag}}
	reading = []option{
		{[]string{"--noquotes"}, "", flag}, {[]string{"-F", "--fields"}, "fields", once},
		{[]string{"-H", "--print-headers"}, "", flag}, {[]string{"-c", "--compressed"}, "", flag},
		{[]string{"-o", "--offset"}, "offset", once}, {[]string{"-l", "--limit"}, "limit", once},
		{[]string{"--format"}, "format", once},
	}
	holders = []option{
		{[]string{"--uusername"}, "uusername", once}, {[]string{"--uid"}, "uid", once},
		{[]string{"--gname"}, "gname", once}, {[]string{"--gpath"}, "gpath", once}, {[]string{"--gid"}, "gid", once},
		{[]string{"--rname"}, "rname", once}, {[]string{"--rid"}, "rid", once},
		{[]string{"--cclientid"}, "cclientid", once}, {[]string{"--cid"}, "cid", once},
	}
	someRoles = []option{{[]string{"--rolename"}, "roleNames", many}, {[]string{"--roleid"}, "roleIds", many}}
	oneRole   = []option{{[]string{"--rolename"}, "rolename", once}, {[]string{"--roleid"}, "roleid", once},
		{[]string{"--available"}, "", flag}, {[]string{"--effective"}, "", flag}, {[]string{"--all"}, "", flag}}
	password = []option{{[]string{"--username"}, "username", once}, {[]string{"--userid"}, "userid", once},
		{[]string{"-p", "--new-password"}, "pass", once}, {[]string{"-t", "--temporary"}, "", flag}}
	object = []option{{[]string{"-f", "--file"}, "file", once}, {[]string{"-c", "--compressed"}, "", flag},
		{[]string{"-s", "--set"}, "values", many}}
	status     = []option{{[]string{"--status"}, "", flag}}
	removal    = []option{{[]string{"-d", "--delete"}, "", flag}}
	keepDomain = []option{{[]string{"-k", "--keep-domain"}, "", flag}}
)
