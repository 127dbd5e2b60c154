package keycloak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Check reads a representation of this name, as "Client" or "User[]", and gives it back with each
// scalar in the type that Keycloak has it in: Keycloak takes "true" for true, 180 for "180" and the
// like. Members that are null are dropped. What cannot be taken is a *Problem.
func Check(name string, data []byte) (json.RawMessage, error) {
	c := newChecker(bytes.NewReader(data))
	var out bytes.Buffer
	if err := c.value(&out, name, ""); err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// checker walks through a document.
type checker struct {
	*json.Decoder
	depth int // of the value being read
}

// deepest is how deep values may be nested; Keycloak's own reader stops there too.
const deepest = 1000

func newChecker(r io.Reader) *checker {
	d := json.NewDecoder(r)
	d.UseNumber()
	return &checker{Decoder: d}
}

func (c *checker) problem(kind ProblemKind, path, format string, args ...any) *Problem {
	return &Problem{Path: path, Text: fmt.Sprintf(format, args...), Offset: c.InputOffset(), Kind: kind}
}

func (c *checker) next(path string) (json.Token, error) {
	t, err := c.Token()
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, c.problem(Syntax, path, "the document ends too early")
	case err != nil:
		return nil, c.problem(Syntax, path, "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return t, nil
}

// end sees that nothing follows the value.
func (c *checker) end() error {
	if _, err := c.Token(); err != io.EOF {
		return c.problem(Syntax, "", "something follows the end of the document")
	}
	return nil
}

// value reads a value of the kind and writes it to out. It writes nothing for null.
func (c *checker) value(out *bytes.Buffer, kind, path string) error {
	t, err := c.next(path)
	if err != nil {
		return err
	}
	return c.valueOf(out, t, kind, path)
}

func (c *checker) valueOf(out *bytes.Buffer, t json.Token, kind, path string) error {
	if t == nil {
		return nil
	}
	if c.depth++; c.depth > deepest {
		return c.problem(Syntax, "", "values are nested more than %d deep", deepest)
	}
	defer func() { c.depth-- }()
	if element, ok := strings.CutSuffix(kind, "[]"); ok {
		if t != json.Delim('[') {
			return c.wrong(path, t, "a list")
		}
		return c.list(out, element, path)
	}
	if element, ok := strings.CutPrefix(kind, "map<"); ok {
		if t != json.Delim('{') {
			return c.wrong(path, t, "an object")
		}
		return c.mapping(out, strings.TrimSuffix(element, ">"), path)
	}
	if words, ok := strings.CutPrefix(kind, "one<"); ok {
		return c.word(out, t, strings.Split(strings.TrimSuffix(words, ">"), ","), path)
	}
	switch kind {
	case "any":
		return c.any(out, t, path)
	case "strs":
		return c.texts(out, t, path)
	case "str", "bool", "int", "long":
		return c.scalar(out, t, kind, path)
	}
	if t != json.Delim('{') {
		return c.wrong(path, t, "an object")
	}
	return c.object(out, schema()[kind], path)
}

func (c *checker) wrong(path string, t json.Token, want string) error {
	return c.problem(Type, path, "%s where %s is expected", describe(t), want)
}

func describe(t json.Token) string {
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return "a list"
		}
		return "an object"
	case string:
		return strconv.Quote(t)
	}
	return fmt.Sprint(t)
}

func (c *checker) list(out *bytes.Buffer, element, path string) error {
	out.WriteByte('[')
	first := true
	for i := 0; c.More(); i++ {
		mark := out.Len()
		if !first {
			out.WriteByte(',')
		}
		start := out.Len()
		if err := c.value(out, element, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
		if out.Len() == start { // null
			out.Truncate(mark)
			continue
		}
		first = false
	}
	out.WriteByte(']')
	_, err := c.next(path)
	return err
}

// texts reads a list of texts; one that stands alone is a list of one.
func (c *checker) texts(out *bytes.Buffer, t json.Token, path string) error {
	if t == json.Delim('[') {
		return c.list(out, "str", path)
	}
	out.WriteByte('[')
	err := c.scalar(out, t, "str", path)
	out.WriteByte(']')
	return err
}

func (c *checker) mapping(out *bytes.Buffer, element, path string) error {
	return c.members(out, path, func(string) (string, error) { return element, nil })
}

func (c *checker) object(out *bytes.Buffer, r *representation, path string) error {
	return c.members(out, path, func(name string) (string, error) {
		kind, ok := r.members[name]
		if ok {
			return kind, nil
		}
		if r.lenient {
			return "", nil
		}
		return "", c.unknown(r, name, path)
	})
}

// unknown is Keycloak's complaint about a member that it does not know. Its offset is that of the
// value, since that is the column Keycloak gives.
func (c *checker) unknown(r *representation, name, path string) error {
	if _, err := c.next(path); err != nil {
		return err
	}
	p := c.problem(Unknown, join(path, name), "Unrecognized field %q", name)
	p.Representation, p.Member = r.name, name
	if !strings.HasSuffix(r.name, "Presentation") { // Keycloak calls one so
		p.Representation += "Representation"
	}
	return p
}

// members reads an object up to its end; kindOf gives the kind of a member, "" for one to leave out.
func (c *checker) members(out *bytes.Buffer, path string, kindOf func(name string) (string, error)) error {
	out.WriteByte('{')
	first := true
	for c.More() {
		t, err := c.next(path)
		if err != nil {
			return err
		}
		name := t.(string)
		kind, err := kindOf(name)
		if err != nil {
			return err
		}
		if kind == "" {
			var skipped bytes.Buffer
			if err := c.value(&skipped, "any", join(path, name)); err != nil {
				return err
			}
			continue
		}
		mark := out.Len()
		if !first {
			out.WriteByte(',')
		}
		out.Write(encode(name))
		out.WriteByte(':')
		start := out.Len()
		if err := c.value(out, kind, join(path, name)); err != nil {
			return err
		}
		if out.Len() == start { // null
			out.Truncate(mark)
			continue
		}
		first = false
	}
	out.WriteByte('}')
	_, err := c.next(path)
	return err
}

// any copies a value as it is.
func (c *checker) any(out *bytes.Buffer, t json.Token, path string) error {
	switch t {
	case json.Delim('['):
		return c.list(out, "any", path)
	case json.Delim('{'):
		return c.mapping(out, "any", path)
	}
	out.Write(encode(t))
	return nil
}
