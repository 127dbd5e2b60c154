package keycloak

import (
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

type scope = realm.ClientScope

var scopeFields = []field[scope]{
	into("id", func(s *scope) *string { return &s.Key }),
	into("name", func(s *scope) *string { return &s.Name }),
	text("protocol", func(s *scope) *string { return &s.Protocol }),
}

var scopeAttributes = []attribute[scope]{
	onOff("include.in.token.scope", true, func(s *scope) *bool { return &s.InToken }),
	inverted("include.in.openid.provider.metadata", func(s *scope) *bool { return &s.Unlisted }),
	onOff("display.on.consent.screen", true, func(s *scope) *bool { return &s.OnConsent }),
	word("consent.screen.text", func(s *scope) *string { return &s.ConsentText }),
}

// newScope is a client scope that says nothing.
func newScope() scope { return scope{InToken: true, OnConsent: true} }

// ToClientScope reads a client scope. Which roles it maps is not in its representation.
func ToClientScope(o Object) (*realm.ClientScope, []Note) {
	s := newScope()
	rest := readFields(scopeFields, &s, o)
	kept, notes := readAttributes(scopeAttributes, &s, Value[map[string]string](o, "attributes"))
	rest.Put("attributes", kept)
	s.Mappers = toMappers(o)
	delete(rest, "protocolMappers")
	s.Extra = keep(rest)
	return &s, notes
}

// MergeClientScope is a client scope after an update by this representation, in which absent members and
// attributes leave things as they are. Like Keycloak it passes over the mappers. Extra has to be loaded.
func MergeClientScope(s *realm.ClientScope, o Object) (*realm.ClientScope, []Note) {
	now := FromClientScope(s)
	attributes := Value[map[string]string](now, "attributes")
	maps.Copy(attributes, Value[map[string]string](o, "attributes"))
	merged := keptWith(now, o, "name", "protocol", "description")
	merged.Put("attributes", attributes)
	with, notes := ToClientScope(merged)
	with.Mappers, with.ScopeMappings = s.Mappers, s.ScopeMappings
	return with, notes
}

// FromClientScope is the representation of a client scope. Extra has to be loaded.
func FromClientScope(s *realm.ClientScope) Object {
	o := writeFields(scopeFields, s, s.Extra)
	base := newScope()
	o.Put("attributes", writeAttributes(scopeAttributes, s, &base, Value[map[string]string](Object(s.Extra), "attributes")))
	putMappers(o, s.Mappers)
	return o
}
