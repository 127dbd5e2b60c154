package profile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Violation is one thing that is wrong with a profile. Message is Keycloak's name of it, or the
// configuration's own words.
type Violation struct {
	Attribute string
	Message   string
	Params    []any // after the attribute's name: strings, numbers and nil
}

// Invalid says what is wrong with a profile.
type Invalid []Violation

func (e Invalid) Error() string {
	texts := make([]string, len(e))
	for i, v := range e {
		texts[i] = v.Attribute + ": " + v.Message
	}
	return strings.Join(texts, "; ")
}

// Change is what somebody writes: an administrator, unless As says User.
type Change struct {
	Before Attributes // nil for a new user
	Given  Attributes
	// Complete says that attributes which are not given are to go. Otherwise they stay.
	Complete bool
	As       Role     // empty: Admin
	Scopes   []string // names of the client scopes in play; of users
}

func (c *Change) role() Role { return cmp.Or(c.As, Admin) }

// Write is the profile that follows from a change, or an Invalid. What its writer may not write, and what
// nobody may write, stays as it is. That names and addresses are not taken is not looked at, nor that
// there is a name.
func (p *Profile) Write(c Change) (Attributes, error) {
	isNew := c.Before == nil
	after, wrong := p.writeUnmanaged(c)
	for _, a := range p.attributes {
		values, given := c.Given[a.Name]
		if !given && (!c.Complete || !p.writes(a, c.role(), isNew)) {
			values = c.Before[a.Name]
		}
		after[a.Name] = a.orDefault(values)
	}
	p.putName(after, c.Before)
	for _, name := range []string{Username, Email} {
		if values := after[name]; len(values) > 0 {
			after[name] = []string{strings.ToLower(values[0])}
		}
	}
	if !p.free {
		wrong = append(p.validate(c.role(), c.Before, after, c.Scopes), wrong...)
	}
	if len(wrong) > 0 {
		return nil, Invalid(wrong)
	}
	for name, values := range after {
		a := p.named[name]
		if a != nil && isNew && !p.writes(a, c.role(), true) && !isNameOrEmail(name) {
			values = nil
		}
		if after[name] = filled(values); a != nil {
			after[name] = a.orDefault(after[name])
		}
		if len(after[name]) == 0 {
			delete(after, name)
		}
	}
	return after, nil
}

// putName sees to the name where it follows from something else: who cannot be renamed keeps theirs, and
// where addresses are names the address is it.
func (p *Profile) putName(after, before Attributes) {
	if len(filled(after[Username])) == 0 && before != nil && (p.rules.EmailAsUsername || !p.rules.EditUsername) {
		after[Username] = before[Username]
	}
	if p.rules.EmailAsUsername && len(filled(after[Email])) > 0 {
		after[Username] = after[Email]
	}
}

// writeUnmanaged are the attributes after a change that the configuration does not name.
func (p *Profile) writeUnmanaged(c Change) (after Attributes, wrong []Violation) {
	after = Attributes{}
	for name, values := range c.Before {
		if p.named[name] == nil && (!c.Complete || !p.writesUnmanaged(c.role()) || Internal(name)) {
			after[name] = values
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Given)) {
		switch values := c.Given[name]; {
		case p.named[name] != nil:
		case Internal(name):
			if !sameValues(values, c.Before[name]) {
				wrong = append(wrong, Violation{Attribute: name, Message: "updateReadOnlyAttributesRejectedMessage"})
			}
		case p.writesUnmanaged(c.role()):
			after[name] = values
		}
	}
	return after, wrong
}

// validate judges all managed attributes. Values that were there before, and that whoever writes cannot
// change, are not held against them.
func (p *Profile) validate(as Role, before, after Attributes, scopes []string) []Violation {
	var wrong []Violation
	isNew := before == nil
	for _, a := range p.attributes {
		values := after[a.Name]
		readOnly := !p.writes(a, as, isNew) && (a.Name != Username || !p.rules.EmailAsUsername)
		switch same := sameValues(a.orDefault(before[a.Name]), values); {
		case readOnly && (isNew || same):
			continue
		case readOnly:
			wrong = append(wrong, Violation{Attribute: a.Name, Message: "error-user-attribute-read-only"})
			continue
		case as == User && a.Selector != nil && len(a.Selector.Scopes) > 0 && !overlap(a.Selector.Scopes, scopes):
			continue
		}
		wrong = append(wrong, a.judge(values, p.required(a, as, scopes) && a.Name != Username)...)
	}
	return wrong
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Complete tells whether users have told all that they must, and told it right, before they sign in with
// these scopes.
func (p *Profile) Complete(u *user.User, scopes []string) bool {
	all := Of(u)
	return len(p.validate(User, all, all, scopes)) == 0
}
