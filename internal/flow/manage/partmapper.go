package manage

import (
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// providerMappers decides about the mappers of identity providers, which are known by the provider and their
// name, and are kept with the realm.
func (p *partial) providerMappers() error {
	given := keycloak.Value[[]idp.Mapper](p.file, "identityProviderMappers")
	if len(given)+len(p.goneProviders) == 0 {
		return nil
	}
	r := p.draft.Realm()
	kept, err := loadExtra(p.draft, realm.KindRealm, r.Key)
	if err != nil {
		return err
	}
	before := idp.Mappers(r.Key, kept)
	list := slices.DeleteFunc(slices.Clone(before), func(m idp.Mapper) bool { return slices.Contains(p.goneProviders, m.Provider) })
	for i, m := range given {
		if r.Provider(m.Provider) == nil && !p.brings(m.Provider) {
			return &fault.Invalid{Field: "identityProviderMappers[" + strconv.Itoa(i) + "]", Message: "there is no identity provider " + strconv.Quote(m.Provider)}
		}
		same := func(other idp.Mapper) bool { return other.Provider == m.Provider && other.Name == m.Name }
		at := slices.IndexFunc(before, same)
		action, made, err := p.decision(at >= 0, "Identity Provider Mapper'"+m.Name+"' already exists.")
		if err != nil {
			return err
		}
		id := p.Author.NewID()
		if made {
			gives := federation.Mapper{Config: m.Config}
			if role := gives.Role(r); role != nil && !p.Permit.MayGrant(r, role) {
				return ErrNotPermitted
			}
			if !p.Permit.MayJoin(r, p.lineageOf(rooted(gives.Group()))) {
				return ErrNotPermitted
			}
			m.ID = id
			list = append(slices.DeleteFunc(list, same), m)
		} else {
			id = before[at].ID
		}
		p.result(action, "IDP_MAPPER", m.Name, func() (string, string) {
			return id, "identity-provider/instances/" + m.Provider + "/mappers/" + id
		})
	}
	p.drop = append(p.drop, func() {
		if kept == nil {
			kept = realm.Extra{}
		}
		idp.KeepMappers(kept, list)
		settings := r.Settings
		settings.Extra = kept
		p.draft.PutSettings(settings)
	})
	return nil
}

// brings tells whether the import makes an identity provider of this alias.
func (p *partial) brings(alias string) bool {
	return slices.ContainsFunc(keycloak.Value[[]keycloak.Object](p.file, "identityProviders"), func(o keycloak.Object) bool { return o.Text("alias") == alias })
}
