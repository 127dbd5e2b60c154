package federation

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
)

// field is a field of a user that a mapper may name in place of an attribute.
type field int

const (
	noField field = iota
	emailField
	firstNameField
	lastNameField
)

var fields = map[string]field{"email": emailField, "firstname": firstNameField, "lastname": lastNameField}

// reserved are names of what a user is by, which no attribute may pass for. Letters match in any case.
var reserved = []string{"id", "username", "enabled", "emailVerified", "createdTimestamp", "federationLink", "serviceAccountClientLink"}

// target is what a mapper writes: a field of the user, or an attribute. ok is false where it names nothing, or
// something that is not for mappers; the trace says so.
func target(name, mapper string, t *explain.Trace) (attribute string, f field, ok bool) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "", noField, false
	}
	if f := fields[strings.ToLower(name)]; f != noField {
		return name, f, true
	}
	if profile.Internal(name) || slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) }) {
		t.Add(explain.ProviderAttribute, explain.Dropped, name, mapper)
		return "", noField, false
	}
	return name, noField, true
}

// put writes what a mapper found into a person. No values leave a field as it is, unless it may be emptied.
func (p *preprocessing) put(m *Mapper, name string, values []string, emptied bool) {
	name, f, ok := target(name, m.Name, p.trace)
	if !ok {
		return
	}
	at := map[field]*string{emailField: &p.Email, firstNameField: &p.FirstName, lastNameField: &p.LastName}[f]
	told := p.Email
	switch {
	case at == nil && len(values) == 0:
		delete(p.Attributes, name)
	case at == nil:
		if p.Attributes == nil {
			p.Attributes = map[string][]string{}
		}
		p.Attributes[name] = values
	case len(values) > 0:
		*at = values[0]
	case emptied:
		*at = ""
	}
	if !strings.EqualFold(told, p.Email) { // which the provider did not say to be verified
		p.EmailVerified = new(false)
	}
	if len(values) > 0 {
		p.trace.Add(explain.ProviderAttribute, explain.Added, name, m.Name)
	}
}

// put writes what a mapper found into a user.
func (a *adoption) put(m *Mapper, name string, values []string, emptied bool) {
	name, f, ok := target(name, m.Name, &a.Trace)
	if !ok {
		return
	}
	switch f {
	case noField:
		a.putAttribute(m, name, values)
	case emailField:
		a.putField(&a.Email, a.User.Email, lower(values), emptied)
	case firstNameField:
		a.putField(&a.FirstName, a.User.FirstName, values, emptied)
	case lastNameField:
		a.putField(&a.LastName, a.User.LastName, values, emptied)
	}
}

// lower is how users' e-mail addresses are kept.
func lower(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToLower(v)
	}
	return out
}

func (a *adoption) putField(at **string, now string, values []string, emptied bool) {
	switch {
	case len(values) > 0:
		a.set(at, now, values[0])
	case emptied && now != "":
		*at = new("")
	}
}

func (a *adoption) putAttribute(m *Mapper, name string, values []string) {
	if slices.Equal(a.User.Attributes[name], values) {
		return
	}
	if a.Attributes == nil {
		a.Attributes = map[string][]string{}
	}
	outcome := explain.Added
	if len(values) == 0 {
		outcome = explain.None
	}
	a.Attributes[name] = values
	a.Trace.Add(explain.ProviderAttribute, outcome, name, m.Name)
}

// presetAttribute gives the user an attribute, whatever the provider says.
func presetAttribute(p *preprocessing, m *Mapper) {
	p.put(m, m.Config["attribute"], []string{m.Config["attribute.value"]}, false)
}

func setAttribute(a *adoption, m *Mapper) {
	a.put(m, m.Config["attribute"], []string{m.Config["attribute.value"]}, false)
}

// readAttribute takes a claim over.
func readAttribute(p *preprocessing, m *Mapper) {
	p.put(m, m.Config["user.attribute"], texts(p.claim(m.Config["claim"])), m.on("allow.nullable.property"))
}

func updateAttribute(a *adoption, m *Mapper) {
	a.put(m, m.Config["user.attribute"], texts(a.Person.claim(m.Config["claim"])), m.on("allow.nullable.property"))
}

// readField takes a member of the profile over. Unlike a claim it is nothing where it is only blanks.
func readField(p *preprocessing, m *Mapper) {
	if values := p.field(m); len(values) > 0 {
		p.put(m, m.Config["userAttribute"], values, false)
	}
}

func updateField(a *adoption, m *Mapper) {
	a.put(m, m.Config["userAttribute"], a.Person.field(m), false)
}

func (p *Person) field(m *Mapper) []string {
	var out []string
	for _, s := range texts(lookup(p.Answer.Profile, strings.TrimSpace(m.Config["jsonField"]))) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// on tells whether a setting is the text "true".
func (m *Mapper) on(setting string) bool { return m.Config[setting] == "true" }
