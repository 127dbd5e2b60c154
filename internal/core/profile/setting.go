package profile

import (
	"encoding/json"
	"strconv"
)

// problem says what is wrong with a setting. Params are what Keycloak tells beside the name of what is wrong.
type problem struct {
	setting, message string
	params           []any
}

// text is a setting as a text, whatever JSON has it as.
func (s Settings) text(name string) string {
	var text string
	if json.Unmarshal(s[name], &text) == nil {
		return text
	}
	return string(s[name])
}

// number is a setting as a whole number: a number of JSON loses its fraction, a text must have none.
func (s Settings) number(name string) (int64, bool) {
	var fraction float64
	if json.Unmarshal(s[name], &fraction) == nil {
		return int64(fraction), true
	}
	n, err := strconv.ParseInt(s.text(name), 10, 64)
	return n, err == nil
}

func (s Settings) has(name string) bool {
	value, ok := s[name]
	return ok && string(value) != "null"
}

// message is what the configuration has to say, or else Keycloak.
func (s Settings) message(otherwise string) string {
	if text := s.text("error-message"); s.has("error-message") && text != "" {
		return text
	}
	return otherwise
}

// bounds are the settings "min" and "max"; nil where there is none.
func (s Settings) bounds() (least, most any, problems []problem) {
	for name, into := range map[string]*any{"min": &least, "max": &most} {
		if !s.has(name) {
			continue
		}
		n, ok := s.number(name)
		if !ok {
			problems = append(problems, problem{name, noNumber, []any{s.text(name)}})
			continue
		}
		*into = n
	}
	if problems == nil && least != nil && most != nil && least.(int64) > most.(int64) {
		problems = append(problems, problem{"max", invalid, nil})
	}
	return least, most, problems
}

// outOf chooses among the names of a bound that is not kept.
func outOf(name string, least, most any, tooSmall, tooBig string) string {
	switch {
	case most == nil:
		return name + tooSmall
	case least == nil:
		return name + tooBig
	}
	return name
}
