package profile

import (
	"maps"
	"slices"
)

// The validators that Keycloak's default profile has.
const (
	prohibitedInUsername = "username-prohibited-characters"
	prohibitedInName     = "person-name-prohibited-characters"
	homograph            = "up-username-not-idn-homograph"
	multivalued          = "multivalued"
)

// validator judges one value, which is not blank, and gives what is wrong with it; message is empty where
// nothing is.
type validator func(value string) (message string, params []any)

// kinds make the validators that look at one value, by name. The problems, by setting, say why the settings
// cannot be read; there is no validator then.
var kinds = map[string]func(Settings) (validator, []problem){
	"length":             length,
	"email":              func(Settings) (validator, []problem) { return email, nil },
	"pattern":            matching,
	"options":            options,
	"integer":            integer,
	"double":             double,
	"uri":                uri,
	"local-date":         dates("1/2/2006", "1/2/06", "2006-01-02"),
	"iso-date":           dates("2006-01-02"),
	"not-blank":          func(Settings) (validator, []problem) { return anything, nil },
	"not-empty":          func(Settings) (validator, []problem) { return anything, nil },
	prohibitedInUsername: characters(inUsernames, "error-username-invalid-character"),
	prohibitedInName:     characters(inNames, "error-person-name-invalid-character"),
	homograph:            characters(latin, "error-username-invalid-character"),
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
			message := problems[0].message
			v = func(string) (string, []any) { return message, nil }
		}
		out = append(out, v)
	}
	return out
}

// judge gives what is wrong with an attribute's values.
func (a *attribute) judge(values []string, required bool) []Violation {
	var wrong []Violation
	given := filled(values)
	if required && len(given) == 0 {
		return []Violation{{Attribute: a.Name, Message: "error-user-attribute-required"}}
	}
	if least, most := a.counts(required); len(given) < least || most >= 0 && len(given) > most {
		wrong = append(wrong, Violation{a.Name, "error-invalid-multivalued-size", []any{least, most}})
	}
	for _, v := range a.validators {
		for _, value := range given {
			if message, params := v(value); message != "" {
				wrong = append(wrong, Violation{a.Name, message, params})
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
