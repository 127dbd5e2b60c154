package replay

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// TestDifferences says what a comparison finds: want and got are bodies, differ the paths at which
// they differ.
func TestDifferences(t *testing.T) {
	const base = "http://127.0.0.1:8080"
	tests := []struct {
		name      string
		want, got string
		step      Step
		differ    []string
	}{
		{name: "equal", want: `{"a":1,"b":[true,null]}`, got: `{"a":1,"b":[true,null]}`},
		{name: "another value", want: `{"a":1}`, got: `{"a":2}`, differ: []string{"body.a"}},
		{name: "another kind", want: `{"a":"1"}`, got: `{"a":1}`, differ: []string{"body.a"}},
		{name: "a member too few", want: `{"a":1,"b":2}`, got: `{"a":1}`, differ: []string{"body.b"}},
		{name: "a member too many", want: `{"a":1}`, got: `{"a":1,"b":2}`, differ: []string{"body.b"}},
		{name: "a member too many of a loose step", want: `{"a":1}`, got: `{"a":1,"b":2}`, step: Step{Loose: true}},
		{name: "null is not nothing", want: `{"a":null}`, got: `{}`, differ: []string{"body.a"}},
		{name: "sets", want: `["a","b"]`, got: `["b","a"]`},
		{name: "sets with doubles", want: `["a","a"]`, got: `["a","b"]`, differ: []string{"body[1]"}},
		{name: "ordered", want: `["a","b"]`, got: `["b","a"]`, step: Step{Ordered: true}, differ: []string{"body[0]", "body[1]"}},
		{name: "a string is no list of one", want: `{"aud":"a"}`, got: `{"aud":["a"]}`, differ: []string{"body.aud"}},
		{name: "scopes in any order", want: `{"scope":"a b"}`, got: `{"scope":"b a"}`},
		{name: "order of other words", want: `{"name":"a b"}`, got: `{"name":"b a"}`, differ: []string{"body.name"}},
		{name: "rough", want: `{"expires_in":300}`, got: `{"expires_in":296}`},
		{name: "too rough", want: `{"expires_in":300}`, got: `{"expires_in":295}`, differ: []string{"body.expires_in"}},
		{name: "exact", want: `{"age":300}`, got: `{"age":299}`, differ: []string{"body.age"}},
		{name: "time", want: `{"exp":"<time>"}`, got: `{"exp":1700000000}`},
		{name: "time as text", want: `{"exp":"<time>"}`, got: `{"exp":"1700000000"}`, differ: []string{"body.exp"}},
		{name: "opaque", want: `{"n":"<opaque>"}`, got: `{"n":"AQAB"}`},
		{name: "opaque but empty", want: `{"n":"<opaque>"}`, got: `{"n":""}`, differ: []string{"body.n"}},
		{name: "anything", want: `{"a":"<any>"}`, got: `{"a":[1]}`},
		{name: "anything in brackets", want: `{"a":"[<any>]"}`, got: `{"a":"[x, y]"}`},
		{name: "anything in brackets ends there", want: `{"a":"[<any>]"}`, got: `{"a":"[x] y]"}`, differ: []string{"body.a"}},
		{name: "same id twice", want: `{"a":"<id:1>","b":"on:<id:1>"}`, got: `{"a":"x7","b":"on:x7"}`},
		{name: "two ids for one", want: `{"a":"<id:1>","b":"on:<id:1>"}`, got: `{"a":"x7","b":"on:x8"}`, differ: []string{"body.b"}},
		{name: "an id is no path", want: `"<id:1>"`, got: `"x/7"`, differ: []string{"body"}},
		{name: "ids of a set follow its members", want: `{"l":[{"name":"a","id":"<id:1>"},{"name":"b","id":"<id:2>"}],"z":"<id:1>"}`,
			got: `{"l":[{"name":"b","id":"x2"},{"name":"a","id":"x1"}],"z":"x1"}`},
		{name: "members of a set are told apart by name", want: `[{"name":"a","v":1},{"name":"b","v":1}]`,
			got: `[{"name":"b","v":2},{"name":"a","v":1}]`, differ: []string{"body[1].v"}},
		{name: "the server's own address", want: `{"iss":"${base}/realms/shop"}`, got: `{"iss":"http://127.0.0.1:8080/realms/shop"}`},
		{name: "parameters that are new each time", want: `"/a?code=<any>&x=1"`, got: `"/a?code=q.r&x=1"`},
		{name: "one parameter too many", want: `"/a?code=<any>"`, got: `"/a?code=q&x=1"`, differ: []string{"body"}},
		{name: "what the first recordings of pages lack", want: `{"page":{"forms":[]}}`, got: `{"page":{"forms":[],"id":"login-login"}}`},
		{name: "a message too many", want: `{"page":{"forms":[]}}`, got: `{"page":{"forms":[],"messages":["No."]}}`, differ: []string{"body.page.messages"}},
		{name: "another address", want: `{"iss":"${base}/realms/shop"}`, got: `{"iss":"http://127.0.0.1:8081/realms/shop"}`, differ: []string{"body.iss"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			step := tt.step
			step.Want = &Answer{Status: 200, Body: value(t, tt.want)}
			got := &Answer{Status: 200, Body: value(t, tt.got)}
			var paths []string
			for _, d := range newComparison(base).answers(&step, got) {
				paths = append(paths, d.Path)
			}
			if !slices.Equal(paths, tt.differ) {
				t.Errorf("differs at %q, want %q", paths, tt.differ)
			}
		})
	}
}

func TestDifferencesOfHeaders(t *testing.T) {
	want := map[string]string{"Content-Type": "application/json;charset=UTF-8", "Allow": "GET, POST", "Pragma": "no-cache"}
	same := map[string]string{"Content-Type": "application/json", "Allow": "POST,GET", "Pragma": "no-cache"}
	c := newComparison("http://127.0.0.1:1")
	if d := c.headers(compared, want, same); d != nil {
		t.Errorf("differ: %v", d)
	}
	other := map[string]string{"Content-Type": "text/plain", "Allow": "GET", "Access-Control-Allow-Origin": "*"}
	var paths []string
	for _, d := range c.headers(compared, want, other) {
		paths = append(paths, d.Path)
	}
	if found := []string{"header.Content-Type", "header.Pragma", "header.Allow", "header.Access-Control-Allow-Origin"}; !slices.Equal(paths, found) {
		t.Errorf("differ at %q, want %q", paths, found)
	}
}

func TestOrderOfParametersInLocation(t *testing.T) {
	c := newComparison("http://127.0.0.1:1")
	want := map[string]string{"Location": "https://app/cb?state=s&code=<any>"}
	if d := c.headers(compared, want, map[string]string{"Location": "https://app/cb?code=x&state=s"}); d != nil {
		t.Errorf("differ: %v", d)
	}
	if d := c.headers(compared, want, map[string]string{"Location": "https://app/cb?code=x&state=t"}); d == nil {
		t.Error("another state is no difference")
	}
}

// TestWhatTimeTakes: what is left of a token shrinks by as much as the conversation took, and does not grow.
func TestWhatTimeTakes(t *testing.T) {
	c := newComparison("http://127.0.0.1:1")
	c.since = func() time.Duration { return 10 * time.Second }
	for left, near := range map[float64]bool{300: true, 286: true, 285: false, 304: true, 305: false} {
		if d := c.values("body.expires_in", "expires_in", 300.0, left); (d == nil) != near {
			t.Errorf("%v of 300: %v, want it to pass: %v", left, d, near)
		}
	}
}

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
