package replay

import (
	"slices"
	"testing"
)

func TestWaits(t *testing.T) {
	s := &Scenario{Name: "x/y", Steps: []*Step{
		{Name: "sign in", Path: "/token", Form: []Pair{{"a", "b"}}, Save: map[string]string{"t": "access_token"}},
		{Name: "find", Browser: "b", Path: "/account", Save: map[string]string{"id": "[0].id"}},
		{Name: "after a look", Path: "/userinfo", Bearer: "${t}"},
		{Name: "with what was found", Path: "/users/${id}", Save: map[string]string{"u": "x"}},
		{Name: "with what came of that", Path: "/userinfo", Bearer: "${u}"},
		{Name: "page for nobody", Path: "/logout", Form: []Pair{}, Want: &Answer{Body: map[string]any{"page": map[string]any{}}}},
		{Name: "after a page", Path: "/userinfo", Bearer: "${t}"},
		{Name: "change", Browser: "b", Method: "POST", Path: "/account"},
		{Name: "after a change", Path: "/userinfo", Bearer: "${t}"},
		{Name: "known to be independent", Path: "/userinfo", Bearer: "${t}"},
		{Name: "consent", Browser: "b", Path: "/consent", Form: []Pair{}},
		{Name: "after a consent", Path: "/userinfo", Bearer: "${t}"},
	}}
	want := []string{"", Browser, "", Browser, Browser, Browser, "", Browser, Browser, "", Browser, Browser}
	got := s.Waits([]Independent{{Scenario: "x/y", Step: "known to be independent"}, {Scenario: "x/z", Step: "after a change"}}, false)
	if !slices.Equal(got, want) {
		t.Errorf("waits:\n%q, want\n%q", got, want)
	}
}

func TestPlaceCovers(t *testing.T) {
	a := Place{Scenario: "exchange/*", Step: "refresh", Path: "body.access_token*"}
	d := Difference{Path: "body.access_token.jwt.claims.aud"}
	if !a.Covers("exchange/refresh", "refresh", d) {
		t.Error("the difference is not covered")
	}
	for _, other := range []struct{ scenario, step, path string }{
		{"token/refresh", "refresh", d.Path}, {"exchange/refresh", "refresh again", d.Path}, {"exchange/refresh", "refresh", "body.scope"},
	} {
		if a.Covers(other.scenario, other.step, Difference{Path: other.path}) {
			t.Errorf("%v is covered", other)
		}
	}
}
