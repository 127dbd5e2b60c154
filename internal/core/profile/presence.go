package profile

import "strings"

// notBlank refuses that there is no value, and each that has nothing but blanks.
func notBlank(values []string) []Violation {
	const message = "error-invalid-blank"
	if len(values) == 0 {
		return []Violation{{Message: message, Params: []any{[]string{}}}}
	}
	var wrong []Violation
	for _, value := range values {
		if strings.TrimSpace(value) == "" {
			wrong = append(wrong, Violation{Message: message, Params: []any{value}})
		}
	}
	return wrong
}

// notEmpty refuses that there is no value. As in Keycloak an empty text is one.
func notEmpty(values []string) []Violation {
	if len(values) > 0 {
		return nil
	}
	return []Violation{{Message: "error-empty", Params: []any{[]string{}}}}
}

// presencesOf are the presences that an attribute demands.
func presencesOf(a Attribute) []func(values []string) []Violation {
	var out []func([]string) []Violation
	for _, name := range []string{"not-blank", "not-empty"} {
		if _, ok := a.Validations[name]; ok {
			out = append(out, presences[name])
		}
	}
	return out
}
