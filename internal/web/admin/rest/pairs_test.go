package rest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPairs(t *testing.T) {
	for _, tt := range []struct {
		text string
		want [][2]string
	}{
		{"", nil},
		{"  team ", nil},
		{"team:red", [][2]string{{"team", "red"}}},
		{" team:red  lost zone:n ", [][2]string{{"team", "red"}, {"zone", "n"}}},
		{`"home town":"New York" team:red`, [][2]string{{"home town", "New York"}, {"team", "red"}}},
		{"at:12:30", [][2]string{{"at", "12:30"}}},
		{"team: red", [][2]string{{"team", ""}}},
		{":", [][2]string{{"", ""}}},
		{`size:12"`, [][2]string{{"size", `12"`}}},
		{`size:"12 \"x\""`, [][2]string{{"size", `12 "x"`}}},
		{`path:"a\\b"`, [][2]string{{"path", `a\b`}}},
		{`team:"red`, [][2]string{{"team", "red"}}},
		{`team:re"d`, [][2]string{{"team", `re"d`}}},
	} {
		var got [][2]string
		for name, value := range pairs(tt.text) {
			got = append(got, [2]string{name, value})
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("pairs of %q: -want +got\n%s", tt.text, diff)
		}
	}
}
