package keycloak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// expected names the scalar types in complaints.
var expected = map[string]string{"str": "a text", "bool": "true or false", "int": "a whole number", "long": "a whole number"}

// scalar writes a string, number or boolean in the type that the member has. It writes nothing for a text that says
// that there is no value: see absent.
func (c *checker) scalar(out *bytes.Buffer, t json.Token, kind, path string) error {
	if _, ok := t.(json.Delim); ok {
		return c.wrong(path, t, expected[kind])
	}
	if kind == "str" {
		out.Write(encode(fmt.Sprint(t)))
		return nil
	}
	if text, ok := t.(string); ok && absent(text) {
		return nil
	}
	if kind == "bool" {
		truth, ok := readBool(t)
		if !ok {
			return c.wrong(path, t, expected[kind])
		}
		out.WriteString(strconv.FormatBool(truth))
		return nil
	}
	bits := 64
	if kind == "int" {
		bits = 32
	}
	n, err := readInt(t, bits)
	switch err {
	case nil:
		out.WriteString(strconv.FormatInt(n, 10))
		return nil
	case strconv.ErrRange:
		return c.problem(Range, path, "%s is beyond what the number can be", describe(t))
	}
	return c.wrong(path, t, expected[kind])
}

// word writes a text that is one of a few.
func (c *checker) word(out *bytes.Buffer, t json.Token, words []string, path string) error {
	text, ok := t.(string)
	if !ok || !slices.Contains(words, text) {
		return c.wrong(path, t, "one of "+strings.Join(words, ", "))
	}
	out.Write(encode(text))
	return nil
}

// absent tells whether a text stands for no value where no text is expected.
func absent(text string) bool {
	text = strings.TrimSpace(text)
	return text == "" || text == "null"
}

// readBool reads a boolean: a whole number is one too, true but for 0, and so is the word for one.
func readBool(t json.Token) (truth, ok bool) {
	switch t := t.(type) {
	case bool:
		return t, true
	case json.Number:
		n, err := t.Int64()
		return n != 0, err == nil
	case string:
		switch strings.TrimSpace(t) {
		case "true", "True", "TRUE":
			return true, true
		case "false", "False", "FALSE":
			return false, true
		}
	}
	return false, false
}

// readInt reads a whole number of so many bits: of other numbers the whole part counts, and a text may hold one. A
// number that is too large is strconv.ErrRange.
func readInt(t json.Token, bits int) (int64, error) {
	number, ok := t.(json.Number)
	if !ok {
		text, ok := t.(string)
		if !ok {
			return 0, strconv.ErrSyntax
		}
		return parseInt(strings.TrimSpace(text), bits, strconv.ErrSyntax)
	}
	if !strings.ContainsAny(number.String(), ".eE") {
		return parseInt(number.String(), bits, strconv.ErrRange)
	}
	f, err := number.Float64()
	if err != nil || math.Abs(f) >= math.MaxInt64 {
		return 0, strconv.ErrRange
	}
	return parseInt(strconv.FormatInt(int64(f), 10), bits, strconv.ErrRange)
}

func parseInt(text string, bits int, failed error) (int64, error) {
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return 0, failed
	}
	return n, nil
}
