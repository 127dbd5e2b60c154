package admin

import (
	"context"
	"slices"
)

// command is a verb, with what it takes.
type command struct {
	name      string // empty: kcadm itself
	options   []option
	arguments int                // how many it takes at most; -1: any number
	below     bool               // commands begin with its name
	idle      func(c *call) bool // tells whether there is nothing to do; nil: there always is something
	run       func(c *call) error
}

// commands are all of them. They are set by init since help, one of them, looks through the table.
var commands []command

func init() {
	always := func(*call) bool { return true }
	whole := options(general, credentials, target)
	commands = []command{
		{name: "", options: general, below: true, idle: always},
		{name: "help", options: general, arguments: -1, run: (*call).help},
		{name: "config", options: whole, below: true, idle: always},
		{name: "config credentials", options: options(general, credentials, status), idle: (*call).noStatus, run: (*call).configCredentials},
		{name: "config truststore", options: options(general, credentials, removal), arguments: 1, idle: (*call).noTruststore, run: (*call).configTruststore},
		{name: "config initial-token", options: options(general, credentials, removal, keepDomain), arguments: 1, idle: (*call).noTruststore, run: (*call).configInitialToken},
		{name: "new-object", options: options(general, object), idle: (*call).noObject, run: (*call).newObject},
		{name: "create", options: options(whole, request, body, created, output), arguments: 1, idle: (*call).noRequest, run: (*call).create},
		{name: "get", options: options(whole, request, reading), arguments: 1, idle: (*call).noRequest, run: (*call).get},
		{name: "update", options: options(whole, request, body, merging, output), arguments: 1, idle: (*call).noRequest, run: (*call).update},
		{name: "delete", options: options(whole, request, body, created, output), arguments: 1, idle: (*call).noRequest, run: (*call).delete},
		{name: "add-roles", options: options(whole, holders, someRoles), idle: (*call).noRoles, run: (*call).addRoles},
		{name: "remove-roles", options: options(whole, holders, someRoles), idle: (*call).noRoles, run: (*call).removeRoles},
		{name: "get-roles", options: options(whole, request, reading, holders, oneRole), run: (*call).getRoles},
		{name: "set-password", options: options(whole, password), idle: (*call).noPassword, run: (*call).setPassword},
	}
}

// named is the command of a name, nil where there is none.
func named(name string) *command {
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &commands[i]
}

// call is a command as it was called.
type call struct {
	ctx       context.Context
	program   *Program
	command   *command
	values    map[string][]string // by name of the option; flags have one empty value
	changes   []change            // -s and -d, as they follow each other
	arguments []string
}

// change is one -s or -d.
type change struct {
	delete bool
	text   string
}

func (c *call) has(option string) bool { return len(c.values[option]) > 0 }

// text is the value of an option that is given once; empty where it is not given.
func (c *call) text(option string) string {
	if v := c.values[option]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (c *call) none(options ...string) bool { return !slices.ContainsFunc(options, c.has) }

func (c *call) argument() string {
	if len(c.arguments) > 0 {
		return c.arguments[0]
	}
	return ""
}

// noCredentials tells whether no option says anything about who asks whom.
func (c *call) noCredentials() bool {
	return c.none("--token", "--server", "--realm", "--client", "--secret", "--user", "--password", "--keystore", "--storepass", "--keypass",
		"--alias", "--truststore", "--trustpass", "--config")
}

func (c *call) noStatus() bool { return c.noCredentials() && c.none("--status") }

func (c *call) noTruststore() bool {
	return c.noCredentials() && c.none("--delete") && len(c.arguments) == 0
}

func (c *call) noObject() bool { return c.none("--file", "--set") }

func (c *call) noRequest() bool {
	return c.noCredentials() && c.none("--file", "--body", "--fields", "--set", "--delete", "--query", "--header") && len(c.arguments) == 0
}

func (c *call) noRoles() bool {
	return c.noCredentials() && c.none("--uusername", "--uid", "--cclientid", "--rolename", "--roleid")
}

func (c *call) noPassword() bool {
	return c.noCredentials() && c.none("--username", "--userid", "--new-password")
}
