package idp

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Mapper takes over something that an identity provider says of a user.
type Mapper struct {
	ID       string            `json:"id"`
	Name     string            `json:"name,omitempty"`
	Provider string            `json:"identityProviderAlias"`
	Kind     string            `json:"identityProviderMapper,omitempty"`
	Config   map[string]string `json:"config"`
}

// member is the member of a realm's representation that mappers are kept in.
const member = "identityProviderMappers"

// Mappers takes the mappers of all providers from what a realm keeps. What has no id yet gets one, always
// the same.
func Mappers(realmKey string, kept realm.Extra) []Mapper {
	list := keycloak.Value[[]Mapper](keycloak.Object(kept), member)
	for i := range list {
		m := &list[i]
		if m.ID == "" {
			m.ID = keycloak.MadeID(realmKey, "mapper", m.Provider, m.Name)
		}
		if m.Config == nil {
			m.Config = map[string]string{}
		}
	}
	return list
}

// KeepMappers puts mappers where Mappers takes them from.
func KeepMappers(kept realm.Extra, list []Mapper) {
	keycloak.Object(kept).Put(member, append([]Mapper{}, list...))
}

// MappersOf are those of one provider.
func MappersOf(list []Mapper, alias string) []Mapper {
	out := []Mapper{}
	for _, m := range list {
		if m.Provider == alias {
			out = append(out, m)
		}
	}
	return out
}

// FindMapper is the mapper of a provider with this id, or nil.
func FindMapper(list []Mapper, alias, id string) *Mapper {
	if i := slices.IndexFunc(list, func(m Mapper) bool { return m.Provider == alias && m.ID == id }); i >= 0 {
		return &list[i]
	}
	return nil
}
