package profile

import (
	"maps"
	"reflect"
	"slices"
)

// The validators that Keycloak's default profile has.
const (
	prohibitedInUsername = "username-prohibited-characters"
	prohibitedInName     = "person-name-prohibited-characters"
	homograph            = "up-username-not-idn-homograph"
	multivalued          = "multivalued"
)

// validator judges one value, which is not empty, and gives what is wrong with it; message is empty where
// nothing is.
type validator func(value string) (message string, params []any)

// kinds make the validators that look at one value, by name. The problems, by setting, say why the settings
// cannot be read; there is no validator then.
var kinds = map[string]func(Settings) (validator, []problem){
	"length":             length,
	"email":              email,
	"pattern":            matching,
	"options":            options,
	"integer":            integer,
	"double":             double,
	"uri":                uri,
	"local-date":         func(Settings) (validator, []problem) { return localDate, nil },
	"iso-date":           func(Settings) (validator, []problem) { return isoDate, nil },
	prohibitedInUsername: characters(inUsernames, "error-username-invalid-character"),
	prohibitedInName:     characters(inNames, "error-person-name-invalid-character"),
	homograph:            characters(latin, "error-username-invalid-character"),
}

// presences are the validators that see whether there is a value at all, by name. They judge all values, the
// empty ones too.
var presences = map[string]func(values []string) []Violation{
	"not-blank": notBlank,
	"not-empty": notEmpty,
}

// Keycloak's names of what is wrong with settings.
const (
	missing      = "error-validator-config-missing-value"
	invalid      = "error-validator-config-invalid-value"
	noNumber     = "error-validator-config-invalid-number-value"
	noBoolean    = "error-validator-config-invalid-boolean-value"
	wrongNumber  = "error-invalid-number"
	wrongPattern = "error-pattern-no-match"
)

// validatorsOf are the validators of an attribute, by name.
func validatorsOf(a Attribute) []validator {
	var out []validator
	for _, name := range slices.Sorted(maps.Keys(a.Validations)) {
		made := kinds[name]
		if made == nil {
			continue
		}
		v, problems := made(a.Validations[name])
		if len(problems) > 0 {
			message, params := problems[0].message, problems[0].params
			v = func(string) (string, []any) { return message, params }
		}
		out = append(out, v)
	}
	return out
}

// judge gives what is wrong with an attribute's values, the same once. An empty value is none, one of blanks alone is
// judged, and not counted.
func (a *attribute) judge(values []string, required bool) []Violation {
	given := filled(values)
	if required && (len(given) == 0 || len(given) < len(values)) {
		return []Violation{{Attribute: a.Name, Message: "error-user-attribute-required"}}
	}
	var wrong []Violation
	add := func(v Violation) {
		v.Attribute = a.Name
		if !slices.ContainsFunc(wrong, func(known Violation) bool { return reflect.DeepEqual(known, v) }) {
			wrong = append(wrong, v)
		}
	}
	if least, most := a.counts(required); len(given) < least || most >= 0 && len(given) > most {
		add(Violation{Message: "error-invalid-multivalued-size", Params: []any{least, most}})
	}
	for _, presence := range a.presences {
		for _, v := range presence(values) {
			add(v)
		}
	}
	for _, v := range a.validators {
		for _, value := range values {
			if value == "" {
				continue
			}
			if message, params := v(value); message != "" {
				add(Violation{Message: message, Params: params})
			}
		}
	}
	return wrong
}

// counts are how many values an attribute may have; a negative most is any number.
func (a *attribute) counts(required bool) (least, most int) {
	if required {
		least = 1
	}
	settings, ok := a.Validations[multivalued]
	if !ok {
		if a.Multivalued {
			return least, -1
		}
		return least, 1
	}
	if n, ok := settings.number("min"); ok {
		least = int(n)
	}
	if n, ok := settings.number("max"); ok {
		return least, int(n)
	}
	return least, -1
}
