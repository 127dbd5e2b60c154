package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"github.com/tokenhouse/tokenhouse/internal/core/spelling"
)

// given is a value and where it came from, in the caller's terms.
type given struct{ value, source string }

// defaultFile is read where it is there; configFile names another.
const (
	defaultFile = "conf/tokenhouse.yaml"
	configFile  = "config-file"
)

// ownPrefix begins the names of environment variables that are all ours: one that is no option is a
// mistake. Those of Keycloak may be meant for something else.
const (
	ownPrefix      = "TOKENHOUSE_"
	keycloakPrefix = "KC_"
)

// addFlags declares an option's flag for each option that the command knows.
func addFlags(flags *pflag.FlagSet, known func(option) bool) {
	flags.SortFlags = false
	for _, o := range options {
		if !known(o) {
			continue
		}
		flags.String(o.name, o.fallback, o.help)
		if o.toggle {
			flags.Lookup(o.name).NoOptDefVal = "true"
		}
	}
	flags.String(configFile, "", "YAML file with options by name (default "+defaultFile+" where it exists)")
}

// resolve reads all options: flags win over TOKENHOUSE_ variables, these over KC_ variables, these
// over the file, and the file over the defaults. Whatever is no option, or no value of it, is named.
func resolve(flags *pflag.FlagSet, environ []string) (*settings, error) {
	env, err := ownEnvironment(environ)
	if err != nil {
		return nil, err
	}
	file, err := readFile(flags, env)
	if err != nil {
		return nil, err
	}
	s := &settings{}
	for _, o := range options {
		v, ok := lookup(o, flags, env, file)
		if !ok {
			continue
		}
		if err := o.set(s, v.value); err != nil {
			shown := strconv.Quote(v.value)
			if o.secret {
				shown = "the value"
			}
			return nil, usagef("%s %s of %s %v", v.source, shown, o.name, err)
		}
	}
	s.Database.URL, err = s.database.location()
	return s, err
}

// lookup finds an option's value by precedence; ok is false where it has none, not even a default.
func lookup(o option, flags *pflag.FlagSet, env map[string]string, file map[string]given) (given, bool) {
	if f := flags.Lookup(o.name); f != nil && f.Changed {
		return given{f.Value.String(), "flag --" + o.name + ":"}, true
	}
	names := []string{ownPrefix + variable(o.name)}
	if o.keycloak {
		names = append(names, keycloakPrefix+variable(o.name))
	}
	for _, name := range names {
		if v, ok := env[name]; ok {
			return given{v, "environment variable " + name + ":"}, true
		}
	}
	if v, ok := file[o.name]; ok {
		return v, true
	}
	return given{o.fallback, "default:"}, o.fallback != ""
}

// variable is an option's name as environment variables spell it.
func variable(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// optionOf is the option that one of our environment variables would set.
func optionOf(variable string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, ownPrefix), "_", "-"))
}

// ownEnvironment picks the variables that may be options. An empty one counts as not set, as compose
// files leave them behind.
func ownEnvironment(environ []string) (map[string]string, error) {
	env := map[string]string{}
	var unknown []string
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		own := strings.HasPrefix(name, ownPrefix)
		if own && !isOption(optionOf(name)) {
			unknown = append(unknown, name)
		}
		if value != "" && (own || strings.HasPrefix(name, keycloakPrefix)) {
			env[name] = value
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		near := suggestion(optionOf(unknown[0]), func(name string) string { return ownPrefix + variable(name) })
		return nil, usagef("environment variable %s is no option%s", unknown[0], near)
	}
	return env, nil
}

func isOption(name string) bool {
	return name == configFile || slices.ContainsFunc(options, func(o option) bool { return o.name == name })
}

// readFile reads the configuration file: one that is named must be there, the default one may be.
func readFile(flags *pflag.FlagSet, env map[string]string) (map[string]given, error) {
	name, named := env[ownPrefix+variable(configFile)]
	if f := flags.Lookup(configFile); f != nil && f.Changed {
		name, named = f.Value.String(), true
	}
	if !named {
		name = defaultFile
	}
	body, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, usagef("configuration file: %v", err)
	}
	return parseFile(name, body)
}

// parseFile reads the options in a configuration file, a mapping of names to single values.
func parseFile(name string, body []byte) (map[string]given, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(body, &doc); err != nil {
		return nil, usagef("%s: %v", name, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil // empty, or nothing but comments
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, usagef("%s line %d: not a mapping of options to values", name, root.Line)
	}
	out := map[string]given{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		source := fmt.Sprintf("%s line %d:", name, key.Line)
		switch _, twice := out[key.Value]; {
		case !isOption(key.Value) || key.Value == configFile:
			return nil, usagef("%s %q is no option%s", source, key.Value, suggestion(key.Value, strconv.Quote))
		case twice:
			return nil, usagef("%s %s is set twice", source, key.Value)
		}
		v, err := scalar(value)
		if err != nil {
			return nil, usagef("%s %s %v", source, key.Value, err)
		}
		out[key.Value] = given{v, source}
	}
	return out, nil
}

// scalar is a value of the file; lists become one value, by comma.
func scalar(n *yaml.Node) (string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "", nil
		}
		return n.Value, nil
	case yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return "", invalid("holds a list of something else than values")
			}
			parts[i] = item.Value
		}
		return strings.Join(parts, ","), nil
	case yaml.AliasNode:
		return scalar(n.Alias)
	}
	return "", invalid("holds a mapping where a value is due")
}

// suggestion names the option that is most like a name that is none, if one is.
func suggestion(name string, spell func(string) string) string {
	var names []string
	for _, o := range options {
		names = append(names, o.name)
	}
	best := spelling.Nearest(name, names, 4)
	if best == "" {
		return ""
	}
	return "; did you mean " + spell(best) + "?"
}
