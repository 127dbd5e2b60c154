package profile

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
)

func matching(s Settings) (validator, []problem) {
	if !s.has("pattern") {
		return nil, []problem{{"pattern", missing, nil}}
	}
	var text string
	if json.Unmarshal(s["pattern"], &text) != nil {
		return nil, []problem{{"pattern", invalid, []any{string(s["pattern"])}}}
	}
	p, err := pattern.Compile(text)
	if err != nil {
		return nil, []problem{{"pattern", invalid, []any{text, err.Error()}}}
	}
	return func(value string) (string, []any) {
		if p.Matches(value) {
			return "", nil
		}
		return s.message(wrongPattern), []any{text}
	}, nil
}

func options(s Settings) (validator, []problem) {
	var allowed []any
	if !s.has("options") {
		return nil, []problem{{"options", missing, nil}}
	}
	if json.Unmarshal(s["options"], &allowed) != nil {
		return nil, []problem{{"options", invalid, []any{"must be list of values"}}}
	}
	return func(value string) (string, []any) {
		if slices.Contains(allowed, any(value)) {
			return "", nil
		}
		return "error-invalid-value", nil
	}, nil
}

func uri(s Settings) (validator, []problem) {
	schemes := []string{"http", "https"}
	if s.has("allowedSchemes") && json.Unmarshal(s["allowedSchemes"], &schemes) != nil {
		return nil, []problem{{"allowedSchemes", invalid, nil}}
	}
	var problems []problem
	for _, name := range []string{"allowFragment", "requireValidUrl"} {
		if text := s.text(name); s.has(name) && text != "true" && text != "false" {
			problems = append(problems, problem{name, noBoolean, nil})
		}
	}
	return func(value string) (string, []any) {
		if reason := illegal(value); reason != "" {
			return "error-invalid-uri", []any{value, reason}
		}
		u, err := url.Parse(value)
		switch {
		case err != nil:
			return "error-invalid-uri", []any{value}
		case u.Scheme != "" && !slices.Contains(schemes, u.Scheme):
			return "error-invalid-uri-scheme", []any{value, u.Scheme}
		case u.Fragment != "" && s.text("allowFragment") == "false":
			return "error-invalid-uri-fragment", []any{value, u.Fragment}
		case s.text("requireValidUrl") != "false" && !u.IsAbs():
			return "error-invalid-uri", []any{value, "URI is not absolute"}
		}
		return "", nil
	}, problems
}

// illegal tells in Keycloak's words which is the first character that no URI has (RFC 3986 §2); "" where there is none.
func illegal(uri string) string {
	at := strings.IndexFunc(uri, func(c rune) bool {
		return unicode.IsControl(c) || unicode.IsSpace(c) || strings.ContainsRune("\"<>\\^`{|}", c)
	})
	if at < 0 {
		return ""
	}
	part := "path"
	switch before := uri[:at]; {
	case strings.Contains(before, "#"):
		part = "fragment"
	case strings.Contains(before, "?"):
		part = "query"
	}
	return fmt.Sprintf("Illegal character in %s at index %d: %s", part, utf8.RuneCountInString(uri[:at]), uri)
}

func isoDate(value string) (string, []any) {
	if isDate(value, time.DateOnly) {
		return "", nil
	}
	return "error-invalid-date", []any{value}
}

// localDate takes dates as they are written in English.
func localDate(value string) (string, []any) {
	if isDate(value, "1/2/2006") || isDate(value, "1/2/06") {
		return "", nil
	}
	return "error-invalid-date", nil
}

func isDate(value, layout string) bool {
	_, err := time.Parse(layout, value)
	return err == nil
}

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
