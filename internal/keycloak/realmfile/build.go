package realmfile

import (
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
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

	protecting map[string]string // those of them that are new resource servers → the role that this gives them
}

// Build makes the realm that a representation describes, without its users. What cannot be made is a
// *fault.Invalid with the path in the document. The representation is changed on the way.
func Build(o keycloak.Object, users *Mentions, options Options) (*Contents, error) {
	modernise(o)
	for _, check := range []func(keycloak.Object) error{checkNames, checkIDs, checkFlows} {
		if err := check(o); err != nil {
			return nil, err
		}
	}
	b := &builder{file: o, users: users, own: unmark(o), Contents: Contents{options: options, paths: map[string]string{}, protecting: map[string]string{}}}
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
	added       bool            // the file is part of a realm that exists
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
	keycloak.SettleEmails(all, b.file)
	for _, member := range []string{"privateKey", "publicKey", "certificate", "codeSecret", "keycloakVersion"} {
		delete(all, member)
	}
	s, notes := keycloak.ToSettings(all)
	s.Policies = clientpolicy.Active(s.Extra)
	b.note("", notes)
	b.note("", keptMembers(b.file, name))
	b.note("", clientpolicy.Review(s.Policies))
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
	other := keycloak.OtherComponents(all)
	if len(other[keycloak.RegistrationPolicyType]) == 0 {
		if other == nil {
			other = map[string][]keycloak.Object{}
		}
		other[keycloak.RegistrationPolicyType] = keycloak.OtherComponents(read[keycloak.Object]("realm", ""))[keycloak.RegistrationPolicyType]
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

func (b *builder) providers() error {
	for i, o := range keycloak.Value[[]keycloak.Object](b.file, "identityProviders") {
		path := "identityProviders[" + strconv.Itoa(i) + "]"
		p, notes := keycloak.ToProvider(o)
		if p.Alias == "" || b.realm().Provider(p.Alias) != nil {
			return &fault.Invalid{Field: path + ".alias", Message: "Identity Provider " + p.Alias + " already exists"}
		}
		p.Key = b.id(p.Key)
		if p.ClientSecret == keycloak.SecretMask {
			p.ClientSecret = ""
			notes = append(notes, keycloak.Note{Path: "config.clientSecret", Text: "masked in the file: set it anew"})
		}
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
