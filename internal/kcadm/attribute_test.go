package kcadm

import "testing"

// TestApply holds what -s and -d make of objects against what kcadm 26.7.3 made of them (new-object).
func TestApply(t *testing.T) {
	for _, c := range []struct {
		name    string
		given   string
		changes []string // a minus before the name: -d
		want    string
	}{
		{"text, number, boolean", `{}`, []string{"a=x y", "b=5", "c=true"}, `{"a":"x y","b":5,"c":true}`},
		{"nothing is null", `{}`, []string{"a="}, `{"a":null}`},
		{"JSON", `{}`, []string{`a={"x":[1,{}]}`, `b=["p","q"]`}, `{"a":{"x":[1,{}]},"b":["p","q"]}`},
		{"quoted text", `{}`, []string{`a="5"`, `b='q'`}, `{"a":"5","b":"q"}`},
		{"what only begins like JSON is text", `{}`, []string{"a=true x", "b=[1"}, `{"a":"true x","b":"[1"}`},
		{"nested", `{}`, []string{"a.b=1", `a."c.d"=2`}, `{"a":{"b":1,"c.d":2}}`},
		{"as document 000 has it", `{}`, []string{`config."included.client.audience"=your-audience`}, `{"config":{"included.client.audience":"your-audience"}}`},
		{"the value keeps its signs", `{}`, []string{"a=b=c"}, `{"a":"b=c"}`},
		{"append", `{"l":[1]}`, []string{"l+=2", "m+=3"}, `{"l":[1,2],"m":[3]}`},
		{"index", `{"l":[1,2]}`, []string{"l[1]=x", "k[2]=y"}, `{"l":[1,"x"],"k":[null,null,"y"]}`},
		{"delete", `{"a":1,"b":{"c":2,"d":3},"l":[1,2,3]}`, []string{"-a", "-b.c", "-l[1]", "-none", "-l[9]"}, `{"b":{"d":3},"l":[1,3]}`},
		{"what is there stays where it is", `{"a":1,"b":2}`, []string{"a=3"}, `{"a":3,"b":2}`},
		{"numbers as Java prints them", `{}`, []string{"a=1.50", "b=1e3", "c=12345678.5", "d=0.00001", "e=123456789012345678901"},
			`{"a":1.5,"b":1000.0,"c":1.23456785E7,"d":1.0E-5,"e":123456789012345678901}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := object(t, c.given)
			if err := Apply(o, changes(t, c.changes...)); err != nil {
				t.Fatal(err)
			}
			if got := string(Compact(o)); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	for expression, want := range map[string]string{
		"a":             "Invalid key=value parameter: [a]",
		"=1":            "Invalid key=value parameter: [=1]",
		".b=1":          "Invalid attribute key: .b (at position 1)",
		"a.=1":          "Invalid attribute key: a. (at position 2)",
		"a..b=1":        "Invalid attribute key: a..b (at position 3)",
		`a"b"=1`:        `Invalid attribute key: a"b" (at position 2)`,
		`"a"b=1`:        `Invalid attribute key: "a"b (at position 4)`,
		`a."b=1`:        `Invalid attribute key: a."b (at position 4)`,
		"a]=1":          "Invalid attribute key: a] (']' not allowed here)",
		"a[x]=1":        "Invalid attribute key: a[x] (Invalid array index: '[x]')",
		"a[-1]=1":       "Invalid attribute key: a[-1] (Invalid array index: '[-1]')",
		`a="x`:          `Invalid string value: "x`,
		"a[1].b=1":      "Invalid attribute key: a[1] (nothing can follow an index)",
		"s.b=1":         `Attribute is of incompatible type - s: "text"`,
		"a[99999999]=1": "Invalid attribute key: a (Invalid array index: '[99999999]')",
	} {
		c, err := ParseSet(expression)
		if err == nil {
			err = Apply(object(t, `{"s":"text"}`), []Change{c})
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", expression, err, want)
		}
	}
}

func TestMerge(t *testing.T) {
	onto := object(t, `{"a":1,"o":{"x":1,"y":2},"l":[1,2]}`)
	if err := Merge(object(t, `{"o":{"y":3,"z":4},"l":[],"n":null}`), onto); err != nil {
		t.Fatal(err)
	}
	if got, want := string(Compact(onto)), `{"a":1,"o":{"x":1,"y":3,"z":4},"l":[],"n":null}`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, wrong := range []string{`{"o":1}`, `{"l":{}}`} {
		if err := Merge(object(t, wrong), object(t, `{"o":{},"l":[]}`)); err == nil {
			t.Errorf("%s went over something of another type", wrong)
		}
	}
}

// FuzzParseSet: whatever the expression is, it is read or refused.
func FuzzParseSet(f *testing.F) {
	f.Fuzz(func(t *testing.T, expression string) {
		c, err := ParseSet(expression)
		if err != nil {
			return
		}
		o := NewObject()
		if err := Apply(o, []Change{c}); err == nil && len(o.Names()) != 1 {
			t.Errorf("made %s", Compact(o))
		}
	})
}

func object(t testing.TB, text string) *Object {
	t.Helper()
	v, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(*Object)
}

func changes(t *testing.T, expressions ...string) []Change {
	t.Helper()
	var out []Change
	for _, e := range expressions {
		parse := ParseSet
		if e[0] == '-' {
			parse, e = ParseDelete, e[1:]
		}
		c, err := parse(e)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		out = append(out, c)
	}
	return out
}
