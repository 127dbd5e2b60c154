package audience

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// askFor asks for optional scopes of the client.
func (f *fixer) askFor() []change {
	var out []change
	for _, key := range f.q.Client.OptionalScopes {
		s := f.q.Realm.ScopeByKey(key)
		if s == nil || names(f.q.Scope, s.Name) {
			continue
		}
		scope := strings.TrimSpace(f.q.Scope + " " + s.Name)
		out = append(out, change{
			sentence: fmt.Sprintf("ask for optional client scope %s of %s (scope=%s)", s.Name, f.q.Client.ID, scope),
			apply:    func(t *trial) { t.q.Scope = scope },
		})
	}
	return out
}

// switchOn switches mappers on that are in play and not for this token.
func (f *fixer) switchOn() []change {
	setting := f.q.Use.Setting()
	var out []change
	for _, s := range f.now.Mappers {
		if !s.shapes || s.Kind.WritesTo(s.Mapper, f.q.Use) {
			continue
		}
		m := *s.Mapper
		m.Config = with(m.Config, setting, "true")
		out = append(out, change{
			sentence: fmt.Sprintf("let mapper %s of %s write to this token (%s)", s.Name, f.owner(s), setting),
			commands: []string{f.command("update", f.path(s)+"/protocol-mappers/models/"+m.Key, explain.Config(setting, "true"))},
			apply: func(t *trial) {
				replace := func(mappers []realm.Mapper) []realm.Mapper {
					out := slices.Clone(mappers)
					for i := range out {
						if out[i].Key == m.Key {
							out[i] = m
						}
					}
					return out
				}
				if s.Scope == nil {
					t.editClient(f.q.Client.Key, func(c *realm.Client) { c.Mappers = replace(c.Mappers) })
				} else {
					t.editScope(s.Scope.Key, func(c *realm.ClientScope) { c.Mappers = replace(c.Mappers) })
				}
			},
		})
	}
	return out
}

// ownMapper gives the client an Audience mapper.
func (f *fixer) ownMapper() []change {
	c := f.q.Client
	m, settings := f.mapper(c.Mappers)
	return []change{{
		sentence: "give client " + c.ID + " an Audience mapper for " + f.want,
		commands: []string{f.command("create", "clients/"+c.Key+"/protocol-mappers/models", settings...)},
		apply: func(t *trial) {
			t.editClient(c.Key, func(c *realm.Client) { c.Mappers = append(slices.Clip(c.Mappers), m) })
		},
	}}
}

// scopeMapper gives an Audience mapper to the one of the client's default scopes in play that the fewest other
// clients have.
func (f *fixer) scopeMapper() []change {
	shared := f.shares()
	var scope *realm.ClientScope
	for _, s := range f.now.Scopes {
		if slices.Contains(f.q.Client.DefaultScopes, s.Key) && (scope == nil || shared[s.Key] < shared[scope.Key]) {
			scope = s
		}
	}
	if scope == nil {
		return nil
	}
	others := ""
	if n := shared[scope.Key] - 1; n > 0 {
		others = fmt.Sprintf(", and of %d other clients", n)
	}
	m, settings := f.mapper(scope.Mappers)
	return []change{{
		sentence: fmt.Sprintf("give client scope %s, a default scope of %s%s, an Audience mapper for %s", scope.Name, f.q.Client.ID, others, f.want),
		commands: []string{f.command("create", "client-scopes/"+scope.Key+"/protocol-mappers/models", settings...)},
		apply: func(t *trial) {
			t.editScope(scope.Key, func(s *realm.ClientScope) { s.Mappers = append(slices.Clip(s.Mappers), m) })
		},
	}}
}

// shares is how many clients have each of the client scopes.
func (f *fixer) shares() map[string]int {
	n := map[string]int{}
	for _, c := range f.q.Realm.Clients() {
		for _, key := range c.DefaultScopes {
			n[key]++
		}
		for _, key := range c.OptionalScopes {
			n[key]++
		}
	}
	return n
}

// assignScope makes client scopes of the realm default scopes of the client.
func (f *fixer) assignScope() []change {
	var out []change
	for _, s := range f.candidates() {
		out = append(out, change{
			sentence: fmt.Sprintf("make client scope %s a default scope of %s", s.Name, f.q.Client.ID),
			commands: f.assign(s),
			apply: func(t *trial) {
				t.editClient(f.q.Client.Key, func(c *realm.Client) {
					c.DefaultScopes = append(slices.Clip(c.DefaultScopes), s.Key)
					c.OptionalScopes = slices.DeleteFunc(slices.Clone(c.OptionalScopes), func(key string) bool { return key == s.Key })
				})
			},
		})
	}
	return out
}

// candidates are the client scopes that may lead to the audience and are no default scopes of the client,
// those first that have an Audience mapper for it.
func (f *fixer) candidates() []*realm.ClientScope {
	var named, others []*realm.ClientScope
	for _, s := range f.q.Realm.Scopes() {
		switch {
		case slices.Contains(f.q.Client.DefaultScopes, s.Key) || !f.helps(s):
		case slices.ContainsFunc(s.Mappers, f.names):
			named = append(named, s)
		default:
			others = append(others, s)
		}
	}
	return append(named, others...)
}

// names tells whether a mapper is an Audience mapper for the audience.
func (f *fixer) names(m realm.Mapper) bool {
	return m.Kind == mapper.KindAudience && mapper.Includes(&m, f.want)
}

// assign are the commands that make a scope a default one; it cannot be an optional one too.
func (f *fixer) assign(s *realm.ClientScope) []string {
	client := "clients/" + f.q.Client.Key
	var out []string
	if slices.Contains(f.q.Client.OptionalScopes, s.Key) {
		out = append(out, f.command("delete", client+"/optional-client-scopes/"+s.Key))
	}
	return append(out, f.command("update", client+"/default-client-scopes/"+s.Key))
}

// helps tells whether a scope can lead to an audience at all: trying costs a copy.
func (f *fixer) helps(s *realm.ClientScope) bool {
	return s.OIDC() && s.Name != oauth.ScopeOffline && (len(s.ScopeMappings) > 0 && f.target != nil ||
		slices.ContainsFunc(s.Mappers, func(m realm.Mapper) bool {
			k := mapper.KindOf(&m)
			return k != nil && k.Shapes(&m) && (m.Kind != mapper.KindAudience || f.names(m))
		}))
}

// mapper is a new Audience mapper for the audience, beside others, and its settings in a command.
func (f *fixer) mapper(others []realm.Mapper) (realm.Mapper, []explain.Setting) {
	included := "included.custom.audience"
	if f.target != nil {
		included = "included.client.audience"
	}
	name := f.want + "-audience"
	for n := 2; slices.ContainsFunc(others, func(m realm.Mapper) bool { return m.Name == name }); n++ {
		name = fmt.Sprintf("%s-audience-%d", f.want, n)
	}
	m := realm.Mapper{
		Name: name, Kind: mapper.KindAudience, Protocol: "openid-connect",
		Config: map[string]string{included: f.want, f.q.Use.Setting(): "true"},
	}
	return m, []explain.Setting{
		{Field: "name", Value: m.Name},
		{Field: "protocol", Value: m.Protocol},
		{Field: "protocolMapper", Value: m.Kind},
		explain.Config(included, f.want),
		explain.Config(f.q.Use.Setting(), "true"),
	}
}

func (f *fixer) command(verb, resource string, settings ...explain.Setting) string {
	return explain.Command(verb, resource, f.q.Realm.Name, settings...)
}

// owner is who has a mapper, in words; path is its resource.
func (f *fixer) owner(s Source) string {
	if s.Scope == nil {
		return "client " + f.q.Client.ID
	}
	return s.From()
}

func (f *fixer) path(s Source) string {
	if s.Scope == nil {
		return "clients/" + f.q.Client.Key
	}
	return "client-scopes/" + s.Scope.Key
}

// with is a copy of a mapper's settings with one of them changed.
func with(config map[string]string, name, value string) map[string]string {
	out := maps.Clone(config)
	if out == nil {
		out = map[string]string{}
	}
	out[name] = value
	return out
}
