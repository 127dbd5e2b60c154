package admin

import "strings"

// addresses are those that people type most.
var addresses = []string{"admin-events", "attack-detection/brute-force/users", "authentication/flows", "client-scopes", "clients",
	"clients-initial-access", "components", "events", "groups", "identity-provider/instances", "keys", "realms", "roles", "serverinfo", "users",
	"users/count"}

// Complete gives what may follow the words that are typed already, and begins with the last one.
func Complete(words []string, last string) []string {
	c := &call{program: &Program{}, command: named("")}
	for _, word := range words {
		c.descend(word)
	}
	var candidates []string
	switch {
	case strings.HasPrefix(last, "-"):
		for _, o := range c.command.options {
			candidates = append(candidates, o.names...)
		}
	case c.command.below || c.command.name == "help":
		for _, other := range commands {
			name, below := strings.CutPrefix(other.name, c.command.name)
			if c.command.name == "help" {
				name, below = other.name, true
			}
			if name = strings.TrimPrefix(name, " "); below && name != "" && !strings.Contains(name, " ") {
				candidates = append(candidates, name)
			}
		}
	case c.command.arguments == 1 && c.command.option("--query") != nil:
		candidates = addresses
	}
	var out []string
	for _, candidate := range candidates {
		if strings.HasPrefix(candidate, last) {
			out = append(out, candidate)
		}
	}
	return out
}

// Help is what the command prints of itself under a name.
func Help(name string) (string, error) {
	var out strings.Builder
	c := &call{program: &Program{Name: name, Out: &out, Getenv: func(string) string { return "~" }}}
	err := c.printHelp(named(""))
	return out.String(), err
}
