package realmtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Admin does to the realm what the commands of a fix would do to that of a server: "tokenhouse admin …",
// several with && between them. It knows the commands that fixes are made of, no more.
func (f *Fixture) Admin(commands string) error {
	for command := range strings.SplitSeq(commands, " && ") {
		words, err := split(command)
		if err != nil {
			return err
		}
		if err := f.admin(words); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
	}
	return nil
}

// admin does one command.
func (f *Fixture) admin(words []string) error {
	if len(words) < 4 || words[0] != "tokenhouse" || words[1] != "admin" {
		return fmt.Errorf("not a command")
	}
	if words[2] == "add-roles" { // has no path
		words = slices.Insert(words, 3, "roles")
	}
	verb, path := words[2], strings.Split(words[3], "/")
	settings, options := keycloak.Object{}, map[string]string{}
	for rest := words[4:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 {
			return fmt.Errorf("option %s has no value", rest[0])
		}
		if rest[0] != "-s" {
			options[rest[0]] = rest[1]
			continue
		}
		field, value, _ := strings.Cut(rest[1], "=")
		set(settings, field, value)
	}
	if options["-r"] != f.Realm.Name {
		return fmt.Errorf("realm %q", options["-r"])
	}
	do, ok := verbs[verb+" "+shape(path)]
	if !ok {
		return fmt.Errorf("%s of %s is not known here", verb, shape(path))
	}
	return do(f, path, settings, options)
}

// shape is a path without what is of one resource only.
func shape(path []string) string {
	out := slices.Clone(path)
	for i := 1; i < len(out); i += 2 {
		out[i] = "*"
	}
	if len(out) > 3 && (out[2] == "protocol-mappers" || out[2] == "scope-mappings") {
		out[3] = path[3]
	}
	if len(out) > 4 {
		out[4] = "*"
	}
	return strings.Join(out, "/")
}

// set puts a setting of -s: in a map where the field is one's member.
func set(o keycloak.Object, field, value string) {
	outer, inner, nested := strings.Cut(field, ".")
	if nested {
		m := keycloak.Value[map[string]string](o, outer)
		if m == nil {
			m = map[string]string{}
		}
		m[strings.Trim(inner, `"`)] = value
		o.Put(outer, m)
		return
	}
	switch value {
	case "true", "false":
		o.Put(field, value == "true")
	default:
		o.Put(field, value)
	}
}

var verbs = map[string]func(f *Fixture, path []string, settings keycloak.Object, options map[string]string) error{
	"update realms/*": func(f *Fixture, _ []string, settings keycloak.Object, _ map[string]string) error {
		o := keycloak.FromSettings(f.Realm)
		merge(o, settings)
		next, _ := keycloak.ToSettings(o)
		f.Draft.PutSettings(next)
		return nil
	},
	"create clients": func(f *Fixture, _ []string, settings keycloak.Object, _ map[string]string) error {
		c, _ := keycloak.ToClient(f.Realm, settings)
		c.Key = "made-" + c.ID
		f.Draft.PutClient(c)
		return nil
	},
	"update clients/*": func(f *Fixture, path []string, settings keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) {
			o := keycloak.FromClient(f.Realm, c)
			merge(o, settings)
			next, _ := keycloak.ToClient(f.Realm, o)
			next.ScopeMappings = c.ScopeMappings
			*c = *next
		})
	},
	"update clients/*/default-client-scopes/*": func(f *Fixture, path []string, _ keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) { c.DefaultScopes = append(c.DefaultScopes, path[3]) })
	},
	"update clients/*/optional-client-scopes/*": func(f *Fixture, path []string, _ keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) { c.OptionalScopes = append(c.OptionalScopes, path[3]) })
	},
	"delete clients/*/default-client-scopes/*": func(f *Fixture, path []string, _ keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) {
			c.DefaultScopes = slices.DeleteFunc(c.DefaultScopes, func(key string) bool { return key == path[3] })
		})
	},
	"create clients/*/protocol-mappers/models": func(f *Fixture, path []string, settings keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) { c.Mappers = append(c.Mappers, keycloak.ToMapper(settings)) })
	},
	"delete clients/*/optional-client-scopes/*": func(f *Fixture, path []string, _ keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) {
			c.OptionalScopes = slices.DeleteFunc(c.OptionalScopes, func(key string) bool { return key == path[3] })
		})
	},
	"update clients/*/protocol-mappers/models/*": func(f *Fixture, path []string, settings keycloak.Object, _ map[string]string) error {
		return f.client(path[1], func(c *realm.Client) { configure(c.Mappers, path[4], settings) })
	},
	"update client-scopes/*/protocol-mappers/models/*": func(f *Fixture, path []string, settings keycloak.Object, _ map[string]string) error {
		return f.scope(path[1], func(s *realm.ClientScope) { configure(s.Mappers, path[4], settings) })
	},
	"create clients/*/scope-mappings/realm":     mapRole,
	"create clients/*/scope-mappings/clients/*": mapRole,
	"add-roles roles": func(f *Fixture, _ []string, _ keycloak.Object, options map[string]string) error {
		role := f.Realm.Role(realm.RoleRef{Client: options["--cclientid"], Name: options["--rolename"]})
		if role == nil {
			return fmt.Errorf("no role %s", options["--rolename"])
		}
		for i := range f.Accounts {
			if u := &f.Accounts[i].User; u.Username == options["--uusername"] {
				u.Roles = append(slices.Clip(u.Roles), role.Key)
				return nil
			}
		}
		return fmt.Errorf("no user %s", options["--uusername"])
	},
	"create client-scopes/*/protocol-mappers/models": func(f *Fixture, path []string, settings keycloak.Object, _ map[string]string) error {
		return f.scope(path[1], func(s *realm.ClientScope) { s.Mappers = append(s.Mappers, keycloak.ToMapper(settings)) })
	},
}

// mapRole maps the roles of the body, by their ids.
func mapRole(f *Fixture, path []string, _ keycloak.Object, options map[string]string) error {
	var roles []struct{ ID, Name string }
	if err := json.Unmarshal([]byte(options["-b"]), &roles); err != nil {
		return err
	}
	return f.client(path[1], func(c *realm.Client) {
		c.ScopeMappings = slices.Clone(c.ScopeMappings)
		for _, role := range roles {
			c.ScopeMappings = append(c.ScopeMappings, role.ID)
		}
	})
}

// configure changes the settings of a mapper.
func configure(mappers []realm.Mapper, key string, settings keycloak.Object) {
	for i := range mappers {
		m := &mappers[i]
		if m.Key != key {
			continue
		}
		m.Config = maps.Clone(m.Config)
		maps.Copy(m.Config, keycloak.Value[map[string]string](settings, "config"))
	}
}

// scope changes a copy of a client scope.
func (f *Fixture) scope(key string, change func(*realm.ClientScope)) error {
	old := f.Realm.ScopeByKey(key)
	if old == nil {
		return fmt.Errorf("no client scope %s", key)
	}
	s := *old
	s.Mappers = slices.Clone(s.Mappers)
	change(&s)
	f.Draft.PutScope(&s)
	return nil
}

// client changes a copy of a client.
func (f *Fixture) client(key string, change func(*realm.Client)) error {
	old := f.Realm.ClientByKey(key)
	if old == nil {
		return fmt.Errorf("no client %s", key)
	}
	c := *old
	c.DefaultScopes, c.OptionalScopes = slices.Clone(c.DefaultScopes), slices.Clone(c.OptionalScopes)
	c.Mappers = slices.Clone(c.Mappers)
	change(&c)
	f.Draft.PutClient(&c)
	return nil
}

// merge puts the settings over a representation, member by member in its maps.
func merge(o, settings keycloak.Object) {
	for name, value := range settings {
		if name != "attributes" {
			o[name] = value
			continue
		}
		all := keycloak.Value[map[string]string](o, name)
		for k, v := range keycloak.Value[map[string]string](settings, name) {
			all[k] = v
		}
		o.Put(name, all)
	}
}

// split makes words of a command as a shell does, with single quotes and backslashes.
func split(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(command); i++ {
		switch ch := command[i]; {
		case ch == '\'':
			quoted, begun = !quoted, true
		case ch == '\\' && !quoted && i+1 < len(command):
			i++
			word.WriteByte(command[i])
			begun = true
		case ch == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(ch)
			begun = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("unbalanced quotes: %s", command)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
