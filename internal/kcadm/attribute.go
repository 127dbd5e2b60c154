package kcadm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Change is one -s or -d of the command line.
type Change struct {
	key    key
	delete bool
	value  any
}

// key is the path to an attribute: a."b.c"[2], or a list that something is appended to.
type key struct {
	parts  []part
	append bool
}

// part is a step of the path; index is -1 where it names no item of a list.
type part struct {
	name  string
	index int
}

// Malformed is an expression that does not have the form NAME=VALUE.
type Malformed struct{ Expression string }

func (m *Malformed) Error() string { return "Invalid key=value parameter: [" + m.Expression + "]" }

// Pair splits NAME=VALUE at the first sign. Otherwise the error is *Malformed.
func Pair(expression string) (name, value string, err error) {
	name, value, ok := strings.Cut(expression, "=")
	if !ok || name == "" {
		return "", "", &Malformed{expression}
	}
	return name, value, nil
}

// ParseSet reads NAME=VALUE or NAME+=VALUE. The value is JSON where it can be read as JSON, else text.
func ParseSet(expression string) (Change, error) {
	name, value, err := Pair(expression)
	if err != nil {
		return Change{}, err
	}
	k, err := parseKey(name)
	if err != nil {
		return Change{}, err
	}
	v, err := parseValue(value)
	return Change{key: k, value: v}, err
}

// ParseDelete reads the NAME of an attribute, or item of a list, to remove.
func ParseDelete(name string) (Change, error) {
	k, err := parseKey(name)
	return Change{key: k, delete: true}, err
}

// parseValue reads what is not JSON as text, and what begins with a quote without it.
func parseValue(text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if v, err := Parse([]byte(text)); err == nil {
		return v, nil
	}
	if !strings.ContainsAny(text[:1], `'"`) {
		return text, nil
	}
	if len(text) < 2 || !strings.ContainsAny(text[len(text)-1:], `'"`) {
		return nil, errors.New("Invalid string value: " + text)
	}
	return text[1 : len(text)-1], nil
}

// parseKey reads parts that are separated by dots; a part in double quotes may hold dots itself.
func parseKey(text string) (key, error) {
	var k key
	name, appended := strings.CutSuffix(text, "+")
	k.append = appended
	rest, at := name, 0
	for {
		word, after, ok := nextPart(rest)
		if !ok {
			return key{}, fmt.Errorf("Invalid attribute key: %s (at position %d)", name, at+after)
		}
		p, err := parsePart(word)
		if err != nil {
			return key{}, err
		}
		k.parts = append(k.parts, p)
		if after == len(rest) {
			return k, nil
		}
		at += after + 1
		rest = rest[after+1:]
	}
}

// nextPart cuts the first part off, up to the dot that after is the place of. Where ok is false, after is
// the place of what is at fault, counted from 1.
func nextPart(text string) (word string, after int, ok bool) {
	if strings.HasPrefix(text, `"`) {
		end := strings.Index(text[1:], `"`)
		if end < 0 {
			return "", len(text), false
		}
		after = end + 2
		if after < len(text) && text[after] != '.' {
			return "", after + 1, false
		}
		return text[1 : end+1], after, true
	}
	for i := range len(text) {
		switch {
		case text[i] == '.':
			if i == 0 {
				return "", 1, false
			}
			return text[:i], i, true
		case text[i] == '"':
			return "", i + 1, false
		}
	}
	return text, len(text), text != ""
}

// parsePart separates a name from the index in brackets behind it.
func parsePart(word string) (part, error) {
	if !strings.HasSuffix(word, "]") {
		return part{word, -1}, nil
	}
	open := strings.LastIndex(word, "[")
	if open < 0 {
		return part{}, errors.New("Invalid attribute key: " + word + " (']' not allowed here)")
	}
	digits := word[open+1 : len(word)-1]
	index, err := strconv.Atoi(digits)
	if err != nil || index < 0 {
		return part{}, errors.New("Invalid attribute key: " + word + " (Invalid array index: '[" + digits + "]')")
	}
	return part{word[:open], index}, nil
}

// maxIndex bounds the lists that an index makes longer.
const maxIndex = 100_000

// Apply makes the changes, in order.
func Apply(o *Object, changes []Change) error {
	for _, c := range changes {
		if err := c.apply(o); err != nil {
			return err
		}
	}
	return nil
}

func (c Change) apply(o *Object) error {
	for _, p := range c.key.parts[:len(c.key.parts)-1] {
		if p.index >= 0 {
			return fmt.Errorf("Invalid attribute key: %s[%d] (nothing can follow an index)", p.name, p.index)
		}
		child, ok := o.values[p.name]
		if !ok || child == nil {
			child = NewObject()
			o.Set(p.name, child)
		}
		object, ok := child.(*Object)
		if !ok {
			return fmt.Errorf("Attribute is of incompatible type - %s: %s", p.name, Compact(child))
		}
		o = object
	}
	last := c.key.parts[len(c.key.parts)-1]
	switch {
	case c.delete && last.index < 0:
		o.Delete(last.name)
	case c.delete:
		if list, ok := o.values[last.name].([]any); ok && last.index < len(list) {
			o.Set(last.name, append(list[:last.index:last.index], list[last.index+1:]...))
		}
	case last.index > maxIndex:
		return fmt.Errorf("Invalid attribute key: %s (Invalid array index: '[%d]')", last.name, last.index)
	case last.index >= 0 || c.key.append:
		list, _ := o.values[last.name].([]any)
		o.Set(last.name, put(list, last.index, c.value))
	default:
		o.Set(last.name, c.value)
	}
	return nil
}

// put sets an item of a list, which grows as far as it must; with index -1 at its end.
func put(list []any, index int, value any) []any {
	if index < 0 {
		return append(list, value)
	}
	for len(list) <= index {
		list = append(list, nil)
	}
	list[index] = value
	return list
}

// Merge lays an object over another: objects member by member, anything else in place of what was there.
func Merge(over, onto *Object) error {
	for _, name := range over.names {
		value := over.values[name]
		switch old := onto.values[name].(type) {
		case *Object:
			inner, ok := value.(*Object)
			if !ok {
				return fmt.Errorf("Attribute is of incompatible type - %s: %s", name, Compact(value))
			}
			if err := Merge(inner, old); err != nil {
				return err
			}
			continue
		case []any:
			if _, ok := value.([]any); !ok {
				return fmt.Errorf("Attribute is of incompatible type - %s: %s", name, Compact(value))
			}
		}
		onto.Set(name, value)
	}
	return nil
}
