package keycloak

import (
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

type mapper = realm.Mapper

var mapperFields = []field[mapper]{
	into("id", func(m *mapper) *string { return &m.Key }),
	text("name", func(m *mapper) *string { return &m.Name }),
	text("protocol", func(m *mapper) *string { return &m.Protocol }),
	text("protocolMapper", func(m *mapper) *string { return &m.Kind }),
}

// ToMapper reads a protocol mapper. Like Keycloak it drops empty settings, and the consent that
// mappers once asked for.
func ToMapper(o Object) realm.Mapper {
	m := realm.Mapper{Config: map[string]string{}}
	rest := readFields(mapperFields, &m, o)
	for name, value := range Value[map[string]string](o, "config") {
		if value != "" {
			m.Config[name] = value
		}
	}
	delete(rest, "config")
	delete(rest, "consentRequired")
	delete(rest, "consentText")
	if len(rest) > 0 {
		m.Extra = keep(rest)
	}
	return m
}

// FromMapper is the representation of a protocol mapper.
func FromMapper(m realm.Mapper) Object {
	o := writeFields(mapperFields, &m, m.Extra)
	config := m.Config
	if config == nil {
		config = map[string]string{}
	}
	o.Put("config", config)
	o.Put("consentRequired", false)
	return o
}

// MergeMapper is a mapper after an update by this representation: it keeps its name, which Keycloak never
// changes, and has the kind and the settings of the representation alone.
func MergeMapper(m realm.Mapper, o Object) realm.Mapper {
	with := ToMapper(o)
	with.Key, with.Name = m.Key, m.Name
	if with.Protocol == "" {
		with.Protocol = m.Protocol
	}
	return with
}

// EffectiveMapper is the representation of a protocol mapper where it is asked for by itself: what it
// writes into access tokens it shows at introspection too, and what it writes into ID tokens at userinfo,
// unless its settings say otherwise.
func EffectiveMapper(m realm.Mapper) Object {
	m.Config = maps.Clone(m.Config)
	for _, follows := range [][2]string{{"introspection.token.claim", "access.token.claim"}, {"userinfo.token.claim", "id.token.claim"}} {
		if value, ok := m.Config[follows[1]]; ok && m.Config[follows[0]] == "" {
			m.Config[follows[0]] = value
		}
	}
	return FromMapper(m)
}

func toMappers(o Object) []realm.Mapper {
	var out []realm.Mapper
	for _, m := range Value[[]Object](o, "protocolMappers") {
		out = append(out, ToMapper(m))
	}
	return out
}

// putMappers leaves the member out where there are none, as Keycloak does.
func putMappers(o Object, mappers []realm.Mapper) {
	var out []Object
	for _, m := range mappers {
		out = append(out, FromMapper(m))
	}
	if out != nil {
		o.Put("protocolMappers", out)
	}
}
