package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzObject: what is read of an object is what package json reads, and a name that comes twice is found wherever it is.
func FuzzObject(f *testing.F) {
	for _, text := range []string{`{}`, ` { "a" : [ 1 , {"b":null,"c":{}} ] , "d":"\"}\\", "e":-1.5e3 } `, `{"a":1,"a":2}`, `{"x":[{"y":{"z":1,"\u007a":2}}]}`, `[]`, `null`, `"x"`,
		`{"a":"b}","c":[[],[{}]]}`, `{"\ud800":1,"\ud801":2}`, `{"a":1}{"b":2}`, "{\"a\":\"\xff\"}", strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64),
		strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readObject(text)
		want, wrong := plainObject(text)
		if !errors.Is(err, wrong) || (err == nil) != (wrong == nil) {
			t.Fatalf("%v, want %v", err, wrong)
		}
		if err == nil && !cmp.Equal(maps.Collect(maps.All(got)), want) {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

// plainObject is readObject by the means of package json.
func plainObject(text []byte) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if !utf8.Valid(text) || json.Unmarshal(text, &m) != nil || m == nil {
		return nil, errObject
	}
	var levels []map[string]bool // nil in an array
	value := false
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if t == json.Delim('}') || t == json.Delim(']') {
			levels, value = levels[:len(levels)-1], false
			continue
		}
		if name, ok := t.(string); ok && !value && levels[len(levels)-1] != nil {
			if levels[len(levels)-1][name] {
				return nil, errTwice
			}
			levels[len(levels)-1][name], value = true, true
			continue
		}
		value = false
		switch t {
		case json.Delim('{'):
			levels = append(levels, map[string]bool{})
		case json.Delim('['):
			levels = append(levels, nil)
		}
		if len(levels) > maxDepth {
			return nil, errDepth
		}
	}
}
