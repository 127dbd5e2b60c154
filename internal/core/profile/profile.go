package profile

import (
	"slices"
	"strings"
)

// Role is on whose behalf a profile is read or written.
type Role string

const (
	Admin Role = "admin"
	User  Role = "user"
)

// Rules are the settings of a realm that have a say in profiles.
type Rules struct {
	EmailAsUsername bool // there are no usernames but e-mail addresses
	EditUsername    bool // users may be renamed
	Locales         bool // users have a language
}

// Profile is a configuration that is ready to judge.
type Profile struct {
	Config     Config
	rules      Rules
	attributes []*attribute
	named      map[string]*attribute
	free       bool
}

// attribute is a configured attribute with its validators.
type attribute struct {
	Attribute
	validators []validator
	presences  []func(values []string) []Violation
}

// locale is the attribute with a user's language. It is there where the realm has languages.
const locale = "locale"

// New makes a configuration ready. A validator that cannot be read refuses every value.
func New(c Config, r Rules) *Profile {
	p := &Profile{Config: c, rules: r, named: map[string]*attribute{}}
	for _, a := range c.Attributes {
		p.add(a)
	}
	if r.Locales && p.named[locale] == nil {
		both := []string{string(Admin), string(User)}
		p.add(Attribute{Name: locale, DisplayName: "${locale}", Permissions: &Permissions{View: both, Edit: both}})
	}
	return p
}

func (p *Profile) add(configured Attribute) {
	a := newAttribute(configured)
	p.attributes = append(p.attributes, a)
	p.named[a.Name] = a
}

func newAttribute(configured Attribute) *attribute {
	return &attribute{Attribute: configured, validators: validatorsOf(configured), presences: presencesOf(configured)}
}

// orDefault are the values of an attribute, or the one that the configuration has for where there are none.
func (a *attribute) orDefault(values []string) []string {
	if a.Default == "" || slices.ContainsFunc(values, func(value string) bool { return value != "" }) {
		return values
	}
	return []string{a.Default}
}

// OfServiceAccounts is the profile of service accounts: they may have any attributes, and keep their name.
var OfServiceAccounts = func() *Profile {
	p := New(Config{Unmanaged: Enabled, Attributes: []Attribute{{Name: Username}, {Name: Email}}}, Rules{})
	p.free = true
	return p
}()

// Readable are those of the attributes beside the user's fields that somebody may see, with the values that the
// configuration has for where there are none.
func (p *Profile) Readable(all Attributes, as Role) Attributes {
	out := Attributes{}
	for _, a := range p.attributes {
		if values := a.orDefault(nil); len(values) > 0 && !isField(a.Name) && p.readsManaged(a, as) {
			out[a.Name] = values
		}
	}
	for name, values := range all {
		if !isField(name) && len(values) > 0 && p.reads(name, as) {
			out[name] = values
		}
	}
	return out
}

// Unmanaged are the attributes that the configuration does not name, or does not let administrators see.
func (p *Profile) Unmanaged(all Attributes) Attributes {
	out := Attributes{}
	for name, values := range all {
		a := p.named[name]
		if managed := a != nil && p.readsManaged(a, Admin); managed || name == Username || name == Email || len(filled(values)) == 0 {
			continue
		}
		out[name] = values
	}
	return out
}

// disabledReason is the attribute that says why a user was disabled. Administrators always see it.
const disabledReason = "disabledReason"

func (p *Profile) reads(name string, as Role) bool {
	if a := p.named[name]; a != nil {
		return p.readsManaged(a, as)
	}
	return p.Config.Unmanaged == Enabled || as == Admin && (p.Config.Unmanaged != Ignored || name == disabledReason)
}

func (p *Profile) readsManaged(a *attribute, as Role) bool {
	if isNameOrEmail(a.Name) && a.Permissions == nil {
		return true
	}
	return a.Permissions != nil && slices.Contains(a.Permissions.View, string(as)) || p.writes(a, as, true)
}

// writes tells whether somebody may write a managed attribute, of a new user or of one that there is.
func (p *Profile) writes(a *attribute, as Role, isNew bool) bool {
	if a.Name == Username && (p.rules.EmailAsUsername || !isNew && !p.rules.EditUsername) {
		return false
	}
	if a.Permissions == nil {
		return isNameOrEmail(a.Name)
	}
	return slices.Contains(a.Permissions.Edit, string(as))
}

// writesUnmanaged tells whether somebody may write attributes that the configuration does not name.
func (p *Profile) writesUnmanaged(as Role) bool {
	return p.Config.Unmanaged == Enabled || as == Admin && p.Config.Unmanaged == AdminEdit
}

// required tells whether an attribute must have a value. With e-mail addresses for names those are required.
func (p *Profile) required(a *attribute, as Role, scopes []string) bool {
	switch {
	case a.Name == Username:
		return !p.rules.EmailAsUsername
	case a.Name == Email && p.rules.EmailAsUsername:
		return true
	case a.Required == nil:
		return false
	case as == User && len(a.Required.Scopes) > 0:
		return overlap(a.Required.Scopes, scopes)
	case len(a.Required.Roles) == 0 && len(a.Required.Scopes) == 0, slices.Contains(a.Required.Roles, string(as)):
		return true
	}
	return false
}

// internal are attributes that servers write.
var internal = []string{"KERBEROS_PRINCIPAL", "LDAP_ID", "LDAP_ENTRY_DN", "CREATED_TIMESTAMP", "createTimestamp", "modifyTimestamp"}

// Internal tells whether an attribute is one that servers write, and administrators leave as it is. Letters
// match in any case.
func Internal(name string) bool {
	return slices.ContainsFunc(internal, func(i string) bool { return strings.EqualFold(i, name) })
}

func isNameOrEmail(name string) bool { return name == Username || name == Email }

func isField(name string) bool { return isNameOrEmail(name) || name == FirstName || name == LastName }
