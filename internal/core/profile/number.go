package profile

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// length counts as Java does, in UTF-16.
func length(s Settings) (validator, []problem) {
	least, most, problems := s.bounds()
	if problems == nil && least == nil && most == nil {
		problems = []problem{{"min", missing, nil}, {"max", missing, nil}}
	}
	trim := s.text("trim-disabled") != "true"
	return func(value string) (string, []any) {
		if trim {
			value = strings.TrimSpace(value)
		}
		n := int64(len(utf16.Encode([]rune(value))))
		if least != nil && n < least.(int64) || most != nil && n > most.(int64) {
			return outOf("error-invalid-length", least, most, "-too-short", "-too-long"), []any{least, most}
		}
		return "", nil
	}, problems
}

func integer(s Settings) (validator, []problem) {
	least, most, problems := s.bounds()
	return func(value string) (string, []any) {
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return wrongNumber, nil
		}
		if least != nil && n < least.(int64) || most != nil && n > most.(int64) {
			return outOf("error-number-out-of-range", least, most, "-too-small", "-too-big"), []any{least, most}
		}
		return "", nil
	}, problems
}

func double(s Settings) (validator, []problem) {
	bounds, problems := map[string]any{}, []problem(nil)
	for _, name := range []string{"min", "max"} {
		if !s.has(name) {
			continue
		}
		n, err := strconv.ParseFloat(s.text(name), 64)
		if err != nil {
			problems = append(problems, problem{name, noNumber, []any{s.text(name)}})
		}
		bounds[name] = n
	}
	least, most := bounds["min"], bounds["max"]
	if problems == nil && least != nil && most != nil && least.(float64) > most.(float64) {
		problems = []problem{{"max", invalid, nil}}
	}
	return func(value string) (string, []any) {
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return wrongNumber, nil
		}
		if least != nil && n < least.(float64) || most != nil && n > most.(float64) {
			return outOf("error-number-out-of-range", least, most, "-too-small", "-too-big"), []any{least, most}
		}
		return "", nil
	}, problems
}
