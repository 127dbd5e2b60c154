package realmfile

import (
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// scopes makes the client scopes: the built-in ones where the file does not speak of scopes, else
// those of the file alone, with offline_access.
func (b *builder) scopes() error {
	builtin := read[[]keycloak.Object]("clientscopes", b.realm().Name)
	if !b.file.Has("clientScopes") {
		for _, o := range builtin {
			b.putScope(o, "")
		}
		defaults := read[keycloak.Object]("realm", "")
		b.offlineMade = true
		b.assign(keycloak.Value[[]string](defaults, "defaultDefaultClientScopes"), keycloak.Value[[]string](defaults, "defaultOptionalClientScopes"))
		return nil
	}
	for i, o := range keycloak.Value[[]keycloak.Object](b.file, "clientScopes") {
		path := "clientScopes[" + strconv.Itoa(i) + "]"
		if name := o.Text("name"); b.realm().Scope(name) != nil {
			return &fault.Invalid{Field: path + ".name", Message: "Client Scope " + name + " already exists"}
		}
		if !b.own {
			fillUserinfo(o)
		}
		if err := realm.CheckScope(b.putScope(o, path)); err != nil { // Keycloak refuses it at its admin API only
			b.note(path, []keycloak.Note{{Text: err.Error()}})
		}
	}
	optional := keycloak.Value[[]string](b.file, "defaultOptionalClientScopes")
	if b.realm().Scope(scopeOffline) == nil {
		b.offlineMade = true
		b.putScope(named(builtin, scopeOffline), "")
		optional = append([]string{scopeOffline}, optional...)
	}
	b.assign(keycloak.Value[[]string](b.file, "defaultDefaultClientScopes"), optional)
	return nil
}

// named is the representation with this name.
func named(list []keycloak.Object, name string) keycloak.Object {
	for _, o := range list {
		if o.Text("name") == name {
			return o
		}
	}
	return nil
}

func (b *builder) putScope(o keycloak.Object, path string) *realm.ClientScope {
	s, notes := keycloak.ToClientScope(o)
	s.Key = b.id(s.Key)
	b.keyMappers(s.Mappers)
	b.note(path, notes)
	b.Draft.PutScope(s)
	return s
}

func (b *builder) keyMappers(mappers []realm.Mapper) {
	for i := range mappers {
		mappers[i].Key = b.id(mappers[i].Key)
	}
}

// assign makes scopes the realm's defaults; names of scopes that there are not are passed over.
func (b *builder) assign(byDefault, optional []string) {
	s := b.realm().Settings
	keys := func(member string, names []string) (out []string) {
		for i, name := range names {
			scope := b.realm().Scope(name)
			if scope == nil {
				b.note(member+"["+strconv.Itoa(i)+"]", []keycloak.Note{{Text: "there is no client scope " + strconv.Quote(name)}})
				continue
			}
			if !slices.Contains(out, scope.Key) && !slices.Contains(s.DefaultScopes, scope.Key) {
				out = append(out, scope.Key)
			}
		}
		return out
	}
	s.DefaultScopes = keys("defaultDefaultClientScopes", byDefault)
	s.OptionalScopes = keys("defaultOptionalClientScopes", optional)
	b.Draft.PutSettings(s)
}

// fillUserinfo makes mappers of a file, which once had no switch of their own for userinfo, write
// there what they write into ID tokens.
func fillUserinfo(owner keycloak.Object) {
	if !owner.Has("protocolMappers") {
		return
	}
	mappers := keycloak.Value[[]keycloak.Object](owner, "protocolMappers")
	for _, m := range mappers {
		config := keycloak.Value[map[string]string](m, "config")
		if _, has := config["userinfo.token.claim"]; !has && config["id.token.claim"] != "" {
			config["userinfo.token.claim"] = config["id.token.claim"]
			m.Put("config", config)
		}
	}
	owner.Put("protocolMappers", mappers)
}
