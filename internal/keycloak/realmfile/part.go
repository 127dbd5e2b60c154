package realmfile

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// Add makes what a part of a realm file holds in a realm that exists: clients, roles, groups, identity
// providers. Nothing of it may be there already. paths are groups of the realm, by path, that users of the
// part belong to. What cannot be made is a *fault.Invalid, and leaves the draft useless.
func Add(d *realm.Draft, o keycloak.Object, users *Mentions, paths map[string]string, options Options) (*Contents, error) {
	b := &builder{file: o, users: users, added: true, Contents: Contents{Draft: d, options: options, paths: maps.Clone(paths)}}
	for _, step := range []func() error{b.addedClients, b.addedRoles, b.composites, b.namedRoles, b.groups, b.providers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	b.addedAccounts()
	return &b.Contents, keycloak.Refused(b.Notes)
}

func (b *builder) addedClients() error {
	for i, o := range keycloak.Value[[]keycloak.Object](b.file, "clients") {
		path := "clients[" + strconv.Itoa(i) + "]"
		if err := b.client(o, path); err != nil {
			return keycloak.At(path, err)
		}
	}
	return nil
}

func (b *builder) addedRoles() error {
	byDefault := b.realm().RoleByKey(b.realm().DefaultRole)
	if byDefault == nil {
		byDefault = &realm.Role{} // the realm has none, and no role of the part is it
	}
	return b.fileRoles(byDefault)
}

// addedAccounts finds the new clients with a service account that no user of the part is.
func (b *builder) addedAccounts() {
	for _, o := range keycloak.Value[[]keycloak.Object](b.file, "clients") {
		if c := b.realm().Client(o.Text("clientId")); c.ServiceAccounts && !b.users.accounts[c.ID] {
			b.giveAccount(c)
		}
	}
}

// Part says which of its contents a partial export of a realm holds, beside the settings, client scopes,
// identity providers, flows and components that are always in it.
type Part struct{ Clients, GroupsAndRoles bool }

// ExportPart is the representation of a realm without users, and with a mask for each secret. Service accounts are for
// the caller to add.
func ExportPart(r *realm.Realm, groups []*realm.Group, extra func(realm.Kind, string) (realm.Extra, error), part Part) (keycloak.Object, error) {
	o, err := Export(r, groups, extra)
	if err != nil {
		return nil, err
	}
	unmark(o) // whatever reads it has secrets to make
	roles := keycloak.Value[keycloak.Object](o, "roles")
	if !part.Clients {
		delete(roles, "client")
		o.Put("roles", roles)
		for _, member := range []string{"clients", "scopeMappings", "clientScopeMappings"} {
			delete(o, member)
		}
	}
	if !part.GroupsAndRoles {
		delete(o, "roles")
		delete(o, "groups")
	}
	maskAll(r.Key, o)
	return o, nil
}

// maskAll puts masks in the place of the secrets of a realm.
func maskAll(realmKey string, o keycloak.Object) {
	for _, list := range []struct {
		member string
		show   func(keycloak.Object)
	}{{"clients", maskClient}, {"identityProviders", showProvider}} {
		all := keycloak.Value[[]keycloak.Object](o, list.member)
		for _, one := range all {
			list.show(one)
		}
		if all != nil {
			o.Put(list.member, all)
		}
	}
	keycloak.MaskMail(o)
	authflow.ShowConfigs(o)
	components := component.Read(realmKey, realm.Extra(o))
	for i := range components {
		components[i] = components[i].Shown()
	}
	component.Keep(realmKey, realm.Extra(o), components)
}

func maskClient(c keycloak.Object) {
	for _, member := range []string{"secret", "registrationAccessToken"} {
		if c.Has(member) {
			c.Put(member, keycloak.SecretMask)
		}
	}
	maskTexts(c, "attributes", "client.secret.rotated", "saml.signing.private.key", "saml.encryption.private.key")
}

// showProvider masks the secret, and says what providers of the kind can be used for.
func showProvider(p keycloak.Object) {
	maskTexts(p, "config", "clientSecret")
	if k, ok := idp.Find(p.Text("providerId")); ok {
		p.Put("types", k.Types)
	}
}

// maskTexts puts masks in the place of settings that are there.
func maskTexts(o keycloak.Object, member string, secrets ...string) {
	settings := keycloak.Value[map[string]string](o, member)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if slices.Contains(secrets, name) && settings[name] != "" {
			settings[name] = keycloak.SecretMask
		}
	}
	if settings != nil {
		o.Put(member, settings)
	}
}
