package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problems says in Keycloak's words why a configuration cannot be taken; isScope tells which client scopes
// there are.
func (c *Config) Problems(isScope func(name string) bool) []string {
	k := checker{isScope: isScope, groups: map[string]bool{}, seen: map[string]bool{}}
	unnamed := 0
	for _, g := range c.Groups {
		k.groups[g.Name] = true
		if g.Name == "" {
			unnamed++
		}
	}
	for _, a := range c.Attributes {
		k.attribute(a)
	}
	for _, name := range []string{Username, Email} {
		if !k.seen[name] {
			k.add("The attribute '%s' can not be removed", name)
		}
	}
	if unnamed > 0 {
		k.add("Name is mandatory for groups, found %d group(s) without name.", unnamed)
	}
	return k.problems
}

type checker struct {
	isScope  func(string) bool
	groups   map[string]bool
	seen     map[string]bool
	problems []string
}

func (k *checker) add(format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...))
}

func (k *checker) attribute(a Attribute) {
	switch {
	case strings.TrimSpace(a.Name) == "":
		k.add("Attribute configuration without 'name' is not allowed")
	case k.seen[a.Name]:
		k.add("Attribute configuration already exists with 'name':'%s'", a.Name)
	case strings.ContainsFunc(a.Name, notInNames):
		k.add("Invalid attribute name (only letters, numbers and '.' '_' '-' special characters allowed): %s'", a.Name)
	}
	k.seen[a.Name] = true
	for _, name := range slices.Sorted(maps.Keys(a.Validations)) {
		k.validation(a.Name, name, a.Validations[name])
	}
	if a.Default != "" && len(newAttribute(a).judge([]string{a.Default}, false)) > 0 {
		k.add("Default value for attribute '%s' is invalid", a.Name)
	}
	if p := a.Permissions; p != nil {
		k.roles(a.Name, "permissions.view", p.View)
		k.roles(a.Name, "permissions.edit", p.Edit)
	}
	if r := a.Required; r != nil {
		k.roles(a.Name, "required.roles", r.Roles)
		k.scopes(a.Name, "required.scopes", r.Scopes)
	}
	if a.Selector != nil {
		k.scopes(a.Name, "selector.scopes", a.Selector.Scopes)
	}
	if a.Group != "" && !k.groups[a.Group] {
		k.add("Attribute '%s' references unknown group '%s'", a.Name, a.Group)
	}
	if options, ok := a.Annotations["inputOptions"]; ok && json.Unmarshal(options, new([]any)) != nil {
		k.add("Annotation 'inputOptions' configured for attribute '%s' must be an array of values!'", a.Name)
	}
	if labels, ok := a.Annotations["inputOptionLabels"]; ok && json.Unmarshal(labels, new(map[string]any)) != nil {
		k.add("Annotation 'inputOptionLabels' configured for attribute '%s' must be an object!'", a.Name)
	}
}

func notInNames(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c))
}

func (k *checker) validation(attribute, name string, s Settings) {
	var problems []problem
	switch kind := kinds[name]; {
	case kind != nil:
		_, problems = kind(s)
	case presences[name] != nil:
	case name == multivalued:
		problems = sizes(s)
	default:
		k.add("Validator '%s' defined for attribute '%s' doesn't exist", name, attribute)
		return
	}
	if len(problems) == 0 {
		return
	}
	texts := ""
	for _, p := range problems {
		texts += fmt.Sprintf("ValidationError{validatorId='%s', inputHint='%s', message='%s', messageParameters=[%s]}, ", name, p.setting, p.message, listed(p.params))
	}
	k.add("Validator '%s' defined for attribute '%s' has incorrect configuration: %s", name, attribute, texts)
}

// listed are parameters with commas between them.
func listed(params []any) string {
	texts := make([]string, len(params))
	for i, p := range params {
		texts[i] = fmt.Sprint(p)
	}
	return strings.Join(texts, ", ")
}

// sizes are the problems of a validator that counts values, of which Keycloak tells no more than the name.
func sizes(s Settings) []problem {
	_, most, problems := s.bounds()
	if problems == nil && most == nil {
		return []problem{{"max", missing, nil}}
	}
	for i := range problems {
		problems[i].params = nil
	}
	return problems
}

func (k *checker) roles(attribute, property string, roles []string) {
	for _, role := range roles {
		if role != string(Admin) && role != string(User) {
			k.add("'%s' configuration for attribute '%s' contains unsupported role '%s'", property, attribute, role)
		}
	}
}

func (k *checker) scopes(attribute, property string, scopes []string) {
	for _, scope := range scopes {
		if !k.isScope(scope) {
			k.add("'%s' configuration for attribute '%s' contains unsupported scope '%s'", property, attribute, scope)
		}
	}
}
