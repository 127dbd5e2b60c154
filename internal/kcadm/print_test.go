package kcadm

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPretty(t *testing.T) {
	v, err := Parse([]byte(`{"a":null,"c":{"x":1,"y":[]},"f":[1,{"a":2},[]],"p":{},"q":"ü\"\\/\u0001\n<&>","t":[{"a":1},{"b":[true]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "a" : null,
  "c" : {
    "x" : 1,
    "y" : [ ]
  },
  "f" : [ 1, {
    "a" : 2
  }, [ ] ],
  "p" : { },
  "q" : "ü\"\\/\u0001\n<&>",
  "t" : [ {
    "a" : 1
  }, {
    "b" : [ true ]
  } ]
}`
	if diff := cmp.Diff(want, string(Pretty(v))); diff != "" {
		t.Error(diff)
	}
}

// TestPrintedIsParsed: what is printed, either way, reads as what it was made of.
func TestPrintedIsParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.String())).Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, printed := range [][]byte{Compact(v), Pretty(v)} {
			again, err := Parse(printed)
			if err != nil {
				t.Fatalf("%s: %v", printed, err)
			}
			if string(Compact(again)) != string(Compact(v)) {
				t.Fatalf("%s became %s", Compact(v), Compact(again))
			}
		}
	})
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{", "[", `{"a"`, `{"a":}`, "1 2", "[1,]", `{"a":1,}`, "nul"} {
		if v, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, v)
		}
	}
}

func TestFields(t *testing.T) {
	const value = `[{"id":"1","config":{"a":1,"b":{"c":2}},"list":["x"],"flag":true}]`
	for filter, want := range map[string]string{
		"flag,id":       `[{"id":"1","flag":true}]`,
		"config":        `[{"config":{}}]`,
		"config(a)":     `[{"config":{"a":1}}]`,
		"config(b(c))":  `[{"config":{"b":{"c":2}}}]`,
		"*":             `[{"id":"1","config":{},"list":["x"],"flag":true}]`,
		"*(*)":          `[{"id":"1","config":{"a":1,"b":{}},"list":["x"],"flag":true}]`,
		"*,-config":     `[{"id":"1","list":["x"],"flag":true}]`,
		"config(*,-a)":  `[{"config":{"b":{}}}]`,
		"nothing,-flag": `[{}]`,
	} {
		f, err := ParseFields(filter)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		v, err := Parse([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(Compact(f.Filter(v))); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
	for filter, want := range map[string]string{
		"":    "Invalid fields specification at position 0: ",
		",a":  "Invalid fields specification at position 0: ,a",
		"a(b": "Invalid fields specification at position 3: a(b",
		"a,":  "Invalid fields specification at position 2: a,",
		"a()": "Invalid fields specification at position 2: a()",
		"a)":  "Invalid fields specification at position 1: a)",
	} {
		if _, err := ParseFields(filter); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", filter, err, want)
		}
	}
}

func TestCSV(t *testing.T) {
	const value = `[{"id":"1","on":true,"n":null,"list":["x","y"],"o":{"p":1}},{"id":"a,b"}]`
	for _, c := range []struct {
		filter  string
		quoting Quoting
		want    []string
	}{
		{"on,id", Quoted, []string{`true,"1"`, `,"a,b"`}},
		{"id,list", Unquoted, []string{`1,x,y`, `a,b,`}},
		{"n,o(p)", Quoted, []string{`null,1`, `,`}},
		{"", Quoted, []string{`"1",true,null,"x","y",1`, `"a,b"`}},
	} {
		var f *Fields
		if c.filter != "" {
			var err error
			if f, err = ParseFields(c.filter); err != nil {
				t.Fatal(err)
			}
		}
		v, err := Parse([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		if got := CSV(v, f, c.quoting); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.filter, got, c.want)
		}
	}
	if got := CSV(json.Number("3"), nil, Quoted); !slices.Equal(got, []string{"3"}) {
		t.Errorf("a bare number: %q", got)
	}
}
