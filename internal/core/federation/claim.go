package federation

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// claim is what the provider says under a path of names: in the access token, the ID token or the profile,
// the first that says something. Nil: nothing.
func (p *Person) claim(path string) any {
	for _, claims := range []token.Object{p.Answer.AccessToken, p.Answer.IDToken, p.Answer.Profile} {
		if value := lookup(claims, path); value != nil {
			return value
		}
	}
	return nil
}

// lookup finds the value at a path as "address.locality" or "contact.address[0].country". A backslash takes
// the meaning from a dot.
func lookup(o token.Object, path string) any {
	var value any = o
	for _, name := range splitPath(path) {
		in, ok := value.(token.Object)
		if !ok {
			return nil
		}
		if value = in.Get(name); value == nil {
			value = item(in, name)
		}
	}
	if o, ok := value.(token.Object); ok && len(o) == 0 {
		return nil
	}
	return value
}

// splitPath takes a path apart at its dots.
func splitPath(path string) []string {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			part.WriteByte(path[i])
		case path[i] == '.':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(path[i])
		}
	}
	return append(parts, part.String())
}

// item is an item of a list, as "address[0]" names it.
func item(o token.Object, name string) any {
	list, rest, ok := strings.Cut(name, "[")
	index, closed := strings.CutSuffix(rest, "]")
	at, err := strconv.ParseUint(strings.TrimSpace(index), 10, 16)
	if !ok || !closed || err != nil {
		return nil
	}
	switch items := o.Get(strings.TrimSpace(list)).(type) {
	case []string:
		if at < uint64(len(items)) {
			return items[at]
		}
	case []any:
		if at < uint64(len(items)) {
			return items[at]
		}
	}
	return nil
}

// texts are the values of a claim as texts: of a list its items. Objects have none.
func texts(value any) []string {
	var out []string
	switch v := value.(type) {
	case []string:
		return v
	case []any:
		for _, item := range v {
			out = append(out, texts(item)...)
		}
	default:
		if s := text(v); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// equals tells whether a claim is a value that a mapper is configured with, or a list that has it.
func equals(want string, value any) bool {
	switch v := value.(type) {
	case string:
		return want == v
	case []string:
		for _, item := range v {
			if want == item {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if equals(want, item) {
				return true
			}
		}
	case bool:
		return strings.EqualFold(want, strconv.FormatBool(v))
	case int64:
		n, err := strconv.ParseInt(want, 10, 64)
		return err == nil && n == v
	case json.Number:
		n, err := strconv.ParseFloat(want, 64)
		f, ferr := v.Float64()
		return err == nil && ferr == nil && n == f
	}
	return false
}

// condition is one claim and the value, or the pattern, that it must have.
type condition struct{ Key, Value string }

// conditions reads setting "claims" of a mapper, a JSON list of pairs. Nil where it cannot be read.
func (m *Mapper) conditions() []condition {
	var out []condition
	if json.Unmarshal([]byte(m.Config["claims"]), &out) != nil {
		return nil
	}
	return out
}

// holds tells whether a claim has the value of a condition; where regex it is a pattern of Java's, and one
// that cannot be read is matched by nothing.
func (c condition) holds(value any, regex bool) bool {
	if !regex {
		return equals(c.Value, value)
	}
	is, err := pattern.Compile(c.Value)
	if err != nil {
		return false
	}
	for _, s := range texts(value) {
		if is.Matches(s) {
			return true
		}
	}
	return false
}
