package issuer_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// TestSpellingsOfTimes: however an issuer writes how long its tokens last, it is understood, or nothing is said.
func TestSpellingsOfTimes(t *testing.T) {
	const document = `{"issuer": "https://id.example", "authorization_endpoint": "https://id.example/auth", "token_endpoint": "https://id.example/token"}`
	for text, want := range map[string]time.Duration{
		"300": 5 * time.Minute, "300.0": 5 * time.Minute, `"300"`: 5 * time.Minute, "3e2": 5 * time.Minute, "-1": -time.Second, "0": 0, "null": 0, `""`: 0, `"soon"`: 0, `"NaN"`: 0, "[300]": 0,
		"1e300": 1 << 31 * time.Second, "99999999999999999999": 1 << 31 * time.Second,
	} {
		c := issuer.New(issuer.Config{URL: "https://id.example", ClientID: "app", Now: time.Now, HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return answer(document)
			}
			return answer(`{"access_token": "a", "expires_in": ` + text + `, "refresh_expires_in": ` + text + `}`)
		})}})
		got, err := c.Refresh(t.Context(), "refresh")
		if err != nil || time.Duration(got.ExpiresIn) != want || time.Duration(got.RefreshExpiresIn) != want {
			t.Errorf("%s: %s, %s, %v; want %s", text, time.Duration(got.ExpiresIn), time.Duration(got.RefreshExpiresIn), err, want)
		}
	}
}
