package token

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxDepth is how deep arrays and objects may be nested.
const maxDepth = 64

// reader reads JSON (RFC 8259) more strictly than encoding/json: names in an object are unique
// (RFC 7519 §4), text is UTF-8 and its escapes name whole characters, nesting is bounded. Two readers
// of the same token then cannot see different things in it. Its strings are slices of text.
type reader struct {
	text  string
	pos   int
	depth int
}

// errorf tells where reading failed, never what was read: it may be a token.
func (r *reader) errorf(format string, args ...any) error {
	return fmt.Errorf("json: %s at byte %d", fmt.Sprintf(format, args...), r.pos)
}

// whole reads a value that is all of the text.
func (r *reader) whole() (any, error) {
	value, err := r.value()
	if err != nil {
		return nil, err
	}
	return value, r.end()
}

// end tells whether only white space is left.
func (r *reader) end() error {
	if r.peek() != 0 || r.pos < len(r.text) {
		return r.errorf("something after the value")
	}
	return nil
}

// peek passes over white space, and is the byte that follows, or 0.
func (r *reader) peek() byte {
	for r.pos < len(r.text) {
		switch b := r.text[r.pos]; b {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return b
		}
	}
	return 0
}

// skip passes over b if it is what follows.
func (r *reader) skip(b byte) bool {
	if r.peek() != b {
		return false
	}
	r.pos++
	return true
}

// word passes over a literal if it is what follows.
func (r *reader) word(literal string) bool {
	r.peek()
	if !strings.HasPrefix(r.text[r.pos:], literal) {
		return false
	}
	r.pos += len(literal)
	return true
}

// value reads any value: string, bool, int64, json.Number (what is no int64), []string (also for an
// empty array), []any, Object or nil.
func (r *reader) value() (any, error) {
	switch b := r.peek(); {
	case b == '"':
		return r.string()
	case b == '{':
		var o Object
		err := r.object(func(name string) error {
			value, err := r.value()
			o = append(o, Member{name, value})
			return err
		})
		return o, err
	case b == '[':
		return r.list()
	case b == '-' || '0' <= b && b <= '9':
		return r.number()
	case r.word("true"):
		return true, nil
	case r.word("false"):
		return false, nil
	case r.word("null"):
		return nil, nil
	}
	return nil, r.errorf("no value")
}

// object reads an object; member is called after each name and reads its value.
func (r *reader) object(member func(name string) error) error {
	if !r.skip('{') {
		return r.errorf("no object")
	}
	if r.depth++; r.depth > maxDepth {
		return r.errorf("nested too deep")
	}
	defer func() { r.depth-- }()
	if r.skip('}') {
		return nil
	}
	var seen nameSet
	for {
		r.peek()
		name, err := r.string()
		if err != nil {
			return err
		}
		if !seen.add(name) {
			return r.errorf("a name for the second time")
		}
		if !r.skip(':') {
			return r.errorf("no colon")
		}
		if err := member(name); err != nil {
			return err
		}
		if r.skip('}') {
			return nil
		}
		if !r.skip(',') {
			return r.errorf("no comma")
		}
	}
}

// array reads an array; item is called to read each value.
func (r *reader) array(item func() error) error {
	if !r.skip('[') {
		return r.errorf("no array")
	}
	if r.depth++; r.depth > maxDepth {
		return r.errorf("nested too deep")
	}
	defer func() { r.depth-- }()
	if r.skip(']') {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if r.skip(']') {
			return nil
		}
		if !r.skip(',') {
			return r.errorf("no comma")
		}
	}
}

// list reads an array as []string if it holds nothing else, else as []any.
func (r *reader) list() (any, error) {
	texts := []string{}
	var mixed []any
	err := r.array(func() error {
		value, err := r.value()
		if text, ok := value.(string); ok && mixed == nil {
			texts = append(texts, text)
			return err
		}
		if mixed == nil {
			for _, text := range texts {
				mixed = append(mixed, text)
			}
		}
		mixed = append(mixed, value)
		return err
	})
	if mixed != nil {
		return mixed, err
	}
	return texts, err
}

// number reads an int64, or what is none (a fraction, an exponent, more digits) as json.Number.
func (r *reader) number() (any, error) {
	start, whole := r.pos, true
	negative := r.accept("-")
	zero := r.accept("0")
	if !zero && r.digits() == 0 {
		return nil, r.errorf("no digit")
	}
	if r.accept(".") {
		whole = false
		if r.digits() == 0 {
			return nil, r.errorf("no digit")
		}
	}
	if r.accept("eE") {
		whole = false
		r.accept("+-")
		if r.digits() == 0 {
			return nil, r.errorf("no digit")
		}
	}
	text := r.text[start:r.pos]
	if whole && !(zero && negative) { // -0 is not the integer 0
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
	}
	return json.Number(text), nil
}

// accept passes over one byte if it is in set.
func (r *reader) accept(set string) bool {
	if r.pos < len(r.text) && strings.IndexByte(set, r.text[r.pos]) >= 0 {
		r.pos++
		return true
	}
	return false
}

func (r *reader) digits() int {
	start := r.pos
	for r.pos < len(r.text) && '0' <= r.text[r.pos] && r.text[r.pos] <= '9' {
		r.pos++
	}
	return r.pos - start
}

// nameSet finds names that come twice; a map only where there are many, for most objects are small.
type nameSet struct {
	few  [24]string
	n    int
	many map[string]bool
}

// add tells whether the name is new.
func (s *nameSet) add(name string) bool {
	if s.many != nil {
		if s.many[name] {
			return false
		}
		s.many[name] = true
		return true
	}
	for _, other := range s.few[:s.n] {
		if other == name {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	s.many = make(map[string]bool, 4*len(s.few))
	for _, other := range s.few {
		s.many[other] = true
	}
	s.many[name] = true
	return true
}
