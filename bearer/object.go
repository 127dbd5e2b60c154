package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep claims may be nested.
const maxDepth = 64

var (
	errObject = errors.New("it is no JSON object")
	errTwice  = errors.New("a name comes twice in a JSON object")
	errDepth  = errors.New("it is nested too deep")
	errString = errors.New("it is no string")
)

// object holds the members of a JSON object by their names, to the letter: package json by itself would take "AUD" for "aud".
type object map[string]json.RawMessage

// readObject reads a JSON object in which no name comes twice, at any depth: readers of JSON differ in which one counts. The members are
// pieces of the text.
func readObject(text []byte) (object, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errObject
	}
	w := walk{text: text}
	if w.next() != '{' {
		return nil, errObject
	}
	m := object{}
	if err := w.object(m, 1); err != nil {
		return nil, err
	}
	return m, nil
}

// walk goes through valid JSON.
type walk struct {
	text []byte
	at   int
}

// next is the first byte of what comes next, behind white space and what parts values.
func (w *walk) next() byte {
	for {
		switch c := w.text[w.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			w.at++
		default:
			return c
		}
	}
}

// object walks through an object, and puts its members into m.
func (w *walk) object(m object, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	for w.at++; w.next() != '}'; {
		name, err := w.string()
		if err != nil {
			return err
		}
		if _, twice := m[name]; twice {
			return errTwice
		}
		w.next()
		from := w.at
		if err := w.value(depth); err != nil {
			return err
		}
		m[name] = json.RawMessage(w.text[from:w.at:w.at])
	}
	w.at++
	return nil
}

// value walks through any value.
func (w *walk) value(depth int) error {
	switch w.next() {
	case '{':
		return w.object(object{}, depth+1)
	case '[':
		if depth+1 > maxDepth {
			return errDepth
		}
		for w.at++; w.next() != ']'; {
			if err := w.value(depth + 1); err != nil {
				return err
			}
		}
		w.at++
	case '"':
		w.literal()
	default: // a number, true, false or null
		for w.at < len(w.text) && strings.IndexByte(" \t\r\n,]}", w.text[w.at]) < 0 {
			w.at++
		}
	}
	return nil
}

// literal is a string as it is written.
func (w *walk) literal() []byte {
	from := w.at
	for w.at++; w.text[w.at] != '"'; w.at++ {
		if w.text[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
	return w.text[from:w.at]
}

// string is what a string says, whichever way it is written.
func (w *walk) string() (string, error) {
	if w.next() != '"' {
		return "", errString
	}
	written := w.literal()
	if s, ok := unescaped(written); ok {
		return s, nil
	}
	var s string
	return s, json.Unmarshal(written, &s)
}

// unescaped is what a string says that is written as it is.
func unescaped(written []byte) (string, bool) {
	if len(written) < 2 || written[0] != '"' || bytes.IndexByte(written, '\\') >= 0 {
		return "", false
	}
	return string(written[1 : len(written)-1]), true
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
	if plain, ok := unescaped(r.members[name]); ok {
		return plain
	}
	r.read(name, &s)
	return s
}

func (r *reader) flag(name string) (b bool) {
	r.read(name, &b)
	return b
}

// list reads a string or an array of strings; both mean the same.
func (r *reader) list(name string) []string {
	v := r.members[name]
	switch {
	case len(v) == 0 || string(v) == "null":
		return nil
	case v[0] == '"':
		return []string{r.text(name)}
	case v[0] != '[':
		r.fail(name)
		return nil
	}
	out := []string{}
	for w := (&walk{text: v, at: 1}); w.next() != ']'; {
		s, err := w.string()
		if err != nil {
			r.fail(name)
			return nil
		}
		out = append(out, s)
	}
	return out
}

// time reads a NumericDate (RFC 7519 §2), cut to whole seconds; the zero time where it is absent.
func (r *reader) time(name string) time.Time {
	var seconds float64
	if !r.read(name, &seconds) {
		return time.Time{}
	}
	if seconds < 0 || seconds > 1<<40 { // later than the year 36000 is a mistake, and would overflow durations
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
	m, w := object{}, walk{text: value}
	if w.next() != '{' || w.object(m, 1) != nil {
		r.fail(name)
		return nil
	}
	return &reader{members: m}
}
