package setup

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// invalid says why a value cannot be read; who calls adds which.
type invalid string

func (i invalid) Error() string { return string(i) }

func text(field func(*Settings) *string) func(*Settings, []string) error {
	return func(s *Settings, v []string) error { *field(s) = v[0]; return nil }
}

func list(field func(*Settings) *[]string) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		if slices.Contains(v, "") {
			return invalid("holds an empty value")
		}
		*field(s) = v
		return nil
	}
}

func split(values []string) (map[string]string, error) {
	all := map[string]string{}
	for _, one := range values {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, invalid(strconv.Quote(one) + " is no name=value")
		}
		if _, twice := all[name]; twice {
			return nil, invalid("names " + strconv.Quote(name) + " twice")
		}
		all[name] = value
	}
	return all, nil
}

func truth(field func(*Settings) *bool) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		switch one := strings.ToLower(v[0]); one {
		case "true", "false":
			*field(s) = one == "true"
			return nil
		}
		return invalid("is neither true nor false")
	}
}

// falsehood is truth of a field that says the opposite.
func falsehood(field func(*Settings) *bool) func(*Settings, []string) error {
	set := truth(field)
	return func(s *Settings, v []string) error {
		err := set(s, v)
		*field(s) = !*field(s)
		return err
	}
}

func number(field func(*Settings) *int) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		n, err := strconv.Atoi(v[0])
		if err != nil || n < 1 {
			return invalid("is no number above zero")
		}
		*field(s) = n
		return nil
	}
}

func span(field func(*Settings) *time.Duration) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		d, err := time.ParseDuration(v[0])
		if err != nil || d < 0 {
			return invalid("is no duration, as 30s or 1m30s")
		}
		*field(s) = d
		return nil
	}
}

// above is a span that has to be one.
func above(set func(*Settings, []string) error) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		if d, err := time.ParseDuration(v[0]); err == nil && d == 0 {
			return invalid("is no duration above zero")
		}
		return set(s, v)
	}
}

func oneOf(first, second string, set func(s *Settings, second bool)) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		if v[0] != first && v[0] != second {
			return invalid("is neither " + first + " nor " + second)
		}
		set(s, v[0] == second)
		return nil
	}
}

func address(field func(*Settings) **url.URL, schemes ...string) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		u, err := url.Parse(v[0])
		switch {
		case err != nil || !slices.Contains(schemes, u.Scheme):
			return invalid("is no URL that begins with " + strings.Join(schemes, ", ") + " and ://")
		case u.Scheme == "unix":
			u.Path, u.Host = u.Host+u.Path, "" // unix://relative/path
		case u.Host == "" || u.Fragment != "":
			return invalid("is no URL of a host")
		}
		*field(s) = u
		return nil
	}
}

func path(field func(*Settings) *string) func(*Settings, []string) error {
	return func(s *Settings, v []string) error {
		p := strings.TrimSuffix(v[0], "/")
		if p != "" && (p[0] != '/' || strings.ContainsAny(p, " {}%?#;\\") || strings.Contains(p, "//") || strings.Contains(p, "/.")) {
			return invalid("is no plain path, as /oauth")
		}
		*field(s) = p
		return nil
	}
}
