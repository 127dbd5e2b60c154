package realmfile

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Options are what a build takes from outside.
type Options struct {
	Now       time.Time
	NewID     func() string // UUIDs
	NewSecret func() string // for confidential clients that bring none
}

// Contents is the realm that a file describes, ready to be stored.
type Contents struct {
	Draft  *realm.Draft
	Groups []*realm.Group
	Notes  []keycloak.Note // what is kept and not acted on

	options Options
	paths   map[string]string // of groups → keys
	without []*realm.Client   // clients whose service account is in no user of the file
}

// Build makes the realm that a representation describes, without its users. What cannot be made is a
// *fault.Invalid with the path in the document. The representation is changed on the way.
func Build(o keycloak.Object, users *Mentions, options Options) (*Contents, error) {
	modernise(o)
	for _, check := range []func(keycloak.Object) error{checkNames, checkIDs} {
		if err := check(o); err != nil {
			return nil, err
		}
	}
	b := &builder{file: o, users: users, own: unmark(o), Contents: Contents{options: options, paths: map[string]string{}}}
	for _, step := range []func() error{
		b.settings, b.scopes, b.clients, b.roles, b.composites, b.namedRoles, b.scopeMappings,
		b.groups, b.defaultGroups, b.providers, b.keys, b.migrate, b.accounts,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &b.Contents, nil
}

// builder makes a realm, step by step and in the order of Build.
type builder struct {
	Contents
	file  keycloak.Object
	users *Mentions

	own         bool            // the file is an export of ours: there is nothing to complete
	made        map[string]bool // client_ids of built-in clients that the file does not have
	offlineMade bool            // so is the client scope offline_access

	oldDefaults []keycloak.NamedRole // roles that clients of the file give to every user
}

// realm is the realm as far as it is made.
func (b *builder) realm() *realm.Realm { return b.Draft.Realm() }

func (b *builder) id(given string) string {
	if given != "" {
		return given
	}
	return b.options.NewID()
}

func (b *builder) note(path string, notes []keycloak.Note) {
	b.Notes = append(b.Notes, keycloak.Below(path, notes)...)
}

// settings makes the realm's settings of the file's members over those of a new realm.
func (b *builder) settings() error {
	name := b.file.Text("realm")
	all := read[keycloak.Object]("realm", name)
	for member, value := range b.file {
		all[member] = value
	}
	if !b.file.Has("actionTokenGeneratedByUserLifespan") && b.file.Has("accessCodeLifespanUserAction") {
		all["actionTokenGeneratedByUserLifespan"] = b.file["accessCodeLifespanUserAction"]
	}
	b.attributes(all, name)
	headers := keycloak.Value[map[string]string](read[keycloak.Object]("realm", name), "browserSecurityHeaders")
	for header, value := range keycloak.Value[map[string]string](b.file, "browserSecurityHeaders") {
		headers[header] = value
	}
	all.Put("browserSecurityHeaders", headers)
	b.components(all)
	for _, member := range []string{"privateKey", "publicKey", "certificate", "codeSecret", "keycloakVersion"} {
		delete(all, member)
	}
	s, notes := keycloak.ToSettings(all)
	b.note("", notes)
	b.note("", keptMembers(b.file, name))
	s.DefaultScopes, s.OptionalScopes = nil, nil
	b.Draft = realm.New(b.id(b.file.Text("id")), s)
	return realm.CheckSettings(&s)
}

// attributes puts the file's attributes over those of a new realm. Lifespans of client sessions that
// are members become attributes too, as Keycloak keeps them.
func (b *builder) attributes(all keycloak.Object, name string) {
	attributes := keycloak.Value[map[string]string](read[keycloak.Object]("realm", name), "attributes")
	for _, member := range []string{"oauth2DeviceCodeLifespan", "oauth2DevicePollingInterval", "clientSessionIdleTimeout",
		"clientSessionMaxLifespan", "clientOfflineSessionIdleTimeout", "clientOfflineSessionMaxLifespan"} {
		if b.file.Has(member) && !b.own {
			attributes[member] = string(b.file[member])
		}
	}
	for attribute, value := range keycloak.Value[map[string]string](b.file, "attributes") {
		attributes[attribute] = value
	}
	if value, ok := attributes["organizationsEnabled"]; ok { // an attribute before it was a member
		if !b.file.Has("organizationsEnabled") {
			all.Put("organizationsEnabled", value == "true")
		}
		delete(attributes, "organizationsEnabled")
	}
	all.Put("attributes", attributes)
}

// components leaves those that are no key providers to the settings, and adds the client registration
// policies where the file has none.
func (b *builder) components(all keycloak.Object) {
	const policies = "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy"
	other := keycloak.OtherComponents(all)
	if len(other[policies]) == 0 {
		if other == nil {
			other = map[string][]keycloak.Object{}
		}
		other[policies] = keycloak.OtherComponents(read[keycloak.Object]("realm", ""))[policies]
	}
	for _, components := range other {
		for _, c := range components {
			if !c.Has("id") {
				c.Put("id", b.options.NewID())
			}
		}
	}
	all.Put("components", other)
}

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

// groups makes the tree of groups.
func (b *builder) groups() error {
	return b.groupsBelow(nil, b.file, "groups")
}

func (b *builder) groupsBelow(parent *realm.Group, o keycloak.Object, member string) error {
	for i, representation := range keycloak.Value[[]keycloak.Object](o, member) {
		path := member + "[" + strconv.Itoa(i) + "]"
		g := keycloak.ToGroup(representation, parent)
		if g.Name == "" {
			return &fault.Invalid{Field: path + ".name", Message: "a group needs a name"}
		}
		if _, taken := b.paths[g.Path]; taken {
			return &fault.Invalid{Field: path + ".name", Message: groupTaken(parent, g.Name)}
		}
		g.Key = b.id(g.Key)
		b.paths[g.Path] = g.Key
		for _, n := range keycloak.NamedRoles(representation, "realmRoles", "clientRoles") {
			role, err := b.role(n)
			if err != nil {
				return keycloak.At(path, err)
			}
			g.Roles = append(g.Roles, role.Key)
		}
		b.Groups = append(b.Groups, g)
		if err := b.groupsBelow(g, representation, "subGroups"); err != nil {
			return keycloak.At(path, err)
		}
	}
	return nil
}

func groupTaken(parent *realm.Group, name string) string {
	if parent == nil {
		return "Top level group named '" + name + "' already exists."
	}
	return "Sibling group named '" + name + "' already exists."
}

func (b *builder) defaultGroups() error {
	s := b.realm().Settings
	for i, path := range keycloak.Value[[]string](b.file, "defaultGroups") {
		key, ok := b.paths["/"+strings.TrimPrefix(path, "/")]
		if !ok {
			return &fault.Invalid{Field: "defaultGroups[" + strconv.Itoa(i) + "]", Message: "there is no group " + strconv.Quote(path)}
		}
		s.DefaultGroups = append(s.DefaultGroups, key)
	}
	b.Draft.PutSettings(s)
	return nil
}

func (b *builder) providers() error {
	for i, o := range keycloak.Value[[]keycloak.Object](b.file, "identityProviders") {
		path := "identityProviders[" + strconv.Itoa(i) + "]"
		p, notes := keycloak.ToProvider(o)
		if p.Alias == "" || b.realm().Provider(p.Alias) != nil {
			return &fault.Invalid{Field: path + ".alias", Message: "Identity Provider " + p.Alias + " already exists"}
		}
		p.Key = b.id(p.Key)
		b.note(path, notes)
		b.Draft.PutProvider(p)
	}
	return nil
}

// keys makes the key providers: the file's, or those of a new realm where it has none. The keys
// themselves are made later.
func (b *builder) keys() error {
	components := keycloak.KeyProviders(b.file)
	path := "components." + keycloak.KeyProviderType
	if key := b.file.Text("privateKey"); len(components) == 0 && key != "" {
		components, path = []keycloak.Object{oldKey(key, b.file.Text("certificate"))}, "privateKey"
	}
	if len(components) == 0 {
		components = keycloak.KeyProviders(read[keycloak.Object]("realm", ""))
	}
	for i, o := range components {
		at := path + "[" + strconv.Itoa(i) + "]"
		k, notes, err := keycloak.ToKeyProvider(o)
		if err != nil {
			return keycloak.At(at, err)
		}
		k.Key = b.id(k.Key)
		b.note(at, notes)
		b.Draft.PutKey(k)
	}
	return nil
}

// oldKey is the component for the key that realms once had as members.
func oldKey(private, certificate string) keycloak.Object {
	o := keycloak.Object{}
	o.Put("name", "rsa")
	o.Put("providerId", "rsa")
	o.Put("config", map[string][]string{"priority": {"100"}, "privateKey": {private}, "certificate": {certificate}})
	return o
}

// accounts finds the clients with a service account that no user of the file is.
func (b *builder) accounts() error {
	for _, c := range b.realm().Clients() {
		if !c.ServiceAccounts || b.users.accounts[c.ID] {
			continue
		}
		with := *c
		if s := b.realm().Scope(scopeServiceAccount); s != nil && c.OIDC() && !slices.Contains(c.DefaultScopes, s.Key) {
			with.DefaultScopes = append(slices.Clone(c.DefaultScopes), s.Key)
			b.Draft.PutClient(&with)
		}
		b.without = append(b.without, &with)
	}
	return nil
}

// Person makes a user of the file, whose passwords are still to be hashed. What the user refers to and
// the realm does not have is a *fault.Invalid.
func (c *Contents) Person(u keycloak.Object) (keycloak.Person, error) {
	p, err := keycloak.ToUser(c.Draft.Realm(), c.paths, u)
	if err != nil {
		return p, err
	}
	if p.User.ID == "" {
		p.User.ID = c.options.NewID()
	}
	if p.User.Created.IsZero() {
		p.User.Created = c.options.Now
	}
	for i := range p.Credentials {
		if p.Credentials[i].ID == "" {
			p.Credentials[i].ID = c.options.NewID()
		}
		if p.Credentials[i].Created.IsZero() {
			p.Credentials[i].Created = c.options.Now
		}
	}
	return p, nil
}

// ServiceAccounts are the accounts of clients that the file has no user for. Unlike the users of a file
// they have the realm's default role.
func (c *Contents) ServiceAccounts() []user.Account {
	var out []user.Account
	for _, owner := range c.without {
		u := NewServiceAccount(owner, c.options.NewID(), c.options.Now)
		if role := c.Draft.Realm().DefaultRole; role != "" {
			u.Roles = []string{role}
		}
		out = append(out, user.Account{User: u})
	}
	return out
}

// NewServiceAccount is the user that stands for a client.
func NewServiceAccount(c *realm.Client, id string, now time.Time) user.User {
	return user.User{ID: id, Username: strings.ToLower("service-account-" + c.ID), Enabled: true, Created: now, ServiceAccount: c.Key,
		Extra: realm.Extra{}}
}
