package profile

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
)

func matching(s Settings) (validator, []problem) {
	text := s.text("pattern")
	if !s.has("pattern") {
		return nil, []problem{{"pattern", missing}}
	}
	p, err := pattern.Compile(text)
	if err != nil {
		return nil, []problem{{"pattern", invalid + ": " + err.Error()}}
	}
	return func(value string) (string, []any) {
		if p.Matches(value) {
			return "", nil
		}
		return s.message(wrongPattern), []any{text}
	}, nil
}

func options(s Settings) (validator, []problem) {
	var allowed []string
	if !s.has("options") {
		return nil, []problem{{"options", missing}}
	}
	if json.Unmarshal(s["options"], &allowed) != nil {
		return nil, []problem{{"options", invalid}}
	}
	return func(value string) (string, []any) {
		if slices.Contains(allowed, value) {
			return "", nil
		}
		return "error-invalid-value", nil
	}, nil
}

func uri(s Settings) (validator, []problem) {
	schemes := []string{"http", "https"}
	if s.has("allowedSchemes") && json.Unmarshal(s["allowedSchemes"], &schemes) != nil {
		return nil, []problem{{"allowedSchemes", invalid}}
	}
	var problems []problem
	for _, name := range []string{"allowFragment", "requireValidUrl"} {
		if text := s.text(name); s.has(name) && text != "true" && text != "false" {
			problems = append(problems, problem{name, noBoolean})
		}
	}
	return func(value string) (string, []any) {
		u, err := url.Parse(value)
		switch {
		case err != nil:
			return "error-invalid-uri", []any{value}
		case u.Scheme != "" && !slices.Contains(schemes, u.Scheme):
			return "error-invalid-uri-scheme", []any{value, u.Scheme}
		case u.Fragment != "" && s.text("allowFragment") == "false":
			return "error-invalid-uri-fragment", []any{value, u.Fragment}
		case s.text("requireValidUrl") != "false" && !u.IsAbs():
			return "error-invalid-uri", []any{value}
		}
		return "", nil
	}, problems
}

// dates takes dates in one of these layouts.
func dates(layouts ...string) func(Settings) (validator, []problem) {
	return func(Settings) (validator, []problem) {
		return func(value string) (string, []any) {
			for _, layout := range layouts {
				if _, err := time.Parse(layout, value); err == nil {
					return "", nil
				}
			}
			return "error-invalid-date", []any{value}
		}, nil
	}
}

func anything(string) (string, []any) { return "", nil }

// What must not be in names, and what must be alone in them.
var (
	inUsernames = regexp.MustCompile("[<>&\"'\\s\\x0B\\x{85}\\x{A0}\\x{1680}\\x{180E}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}$%!#?§,;:*~/\\\\|^=\\[\\]{}()`[:cntrl:]]")
	inNames     = regexp.MustCompile(`[<>&"\x0B\x{85}\x{2028}\x{2029}$%!#?§;*~/\\|^=\[\]{}()[:cntrl:]]`)
	latin       = regexp.MustCompile(`[^\p{Latin}\p{Common}|]`)
)

// characters refuses values in which it finds something.
func characters(bad *regexp.Regexp, name string) func(Settings) (validator, []problem) {
	return func(s Settings) (validator, []problem) {
		return func(value string) (string, []any) {
			if bad.MatchString(value) {
				return s.message(name), nil
			}
			return "", nil
		}, nil
	}
}
