package replay

import "testing"

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
