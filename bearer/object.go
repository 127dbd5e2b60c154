package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep claims may be nested.
const maxDepth = 64

var (
	errObject = errors.New("it is no JSON object")
	errTwice  = errors.New("a name comes twice in a JSON object")
	errDepth  = errors.New("it is nested too deep")
)

// object holds the members of a JSON object by their names, to the letter: package json by itself would take "AUD" for "aud".
type object map[string]json.RawMessage

// readObject reads a JSON object in which no name comes twice, at any depth: readers of JSON differ in which one counts.
func readObject(text []byte) (object, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errObject
	}
	if err := unambiguous(text); err != nil {
		return nil, err
	}
	var m object
	if err := json.Unmarshal(text, &m); err != nil || m == nil {
		return nil, errObject
	}
	return m, nil
}

// unambiguous walks through valid JSON.
func unambiguous(text []byte) error {
	type level struct {
		names map[string]bool // nil in an array
		value bool            // the next is a value, not a name
	}
	var levels []level
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errObject
		}
		if t == json.Delim('}') || t == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			at := &levels[n-1]
			if !at.value {
				name, _ := t.(string)
				if at.names[name] {
					return errTwice
				}
				at.names[name], at.value = true, true
				continue
			}
			at.value = false
		}
		switch t {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
		if len(levels) > maxDepth {
			return errDepth
		}
	}
}

// reader reads members of a type that is known, null as absent, and keeps the first error.
type reader struct {
	members object
	err     error
}

// read decodes a member and tells whether it is there.
func (r *reader) read(name string, into any) bool {
	value, ok := r.members[name]
	if !ok || string(value) == "null" {
		return false
	}
	if err := json.Unmarshal(value, into); err != nil {
		r.fail(name)
		return false
	}
	return true
}

func (r *reader) fail(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is of another type than its own", name)
	}
}

func (r *reader) text(name string) (s string) {
	r.read(name, &s)
	return s
}

func (r *reader) flag(name string) (b bool) {
	r.read(name, &b)
	return b
}

// list reads a string or an array of strings; both mean the same.
func (r *reader) list(name string) []string {
	if v := r.members[name]; len(v) > 0 && v[0] == '"' {
		return []string{r.text(name)}
	}
	var many []*string // null is no string, which []string would not tell
	if !r.read(name, &many) {
		return nil
	}
	out := make([]string, 0, len(many))
	for _, s := range many {
		if s == nil {
			r.fail(name)
			return nil
		}
		out = append(out, *s)
	}
	return out
}

// time reads a NumericDate (RFC 7519 §2), cut to whole seconds; the zero time where it is absent.
func (r *reader) time(name string) time.Time {
	var seconds float64
	if !r.read(name, &seconds) {
		return time.Time{}
	}
	if seconds < 1 || seconds > 1<<40 { // later than the year 36000 is a mistake, and would overflow durations
		r.fail(name)
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// within reads a member that is an object itself; nil where it is absent.
func (r *reader) within(name string) *reader {
	value, ok := r.members[name]
	if !ok || string(value) == "null" {
		return nil
	}
	var m object
	if json.Unmarshal(value, &m) != nil {
		r.fail(name)
		return nil
	}
	return &reader{members: m}
}
