package conformance

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// careless is a server that refuses nothing; liar is one whose answers are wrong, too.
type careless struct {
	liar, copies bool // copies: gives the subject token back
	revoked      bool
}

func (s *careless) token(claims map[string]any) string {
	all := map[string]any{"iss": "https://careless.example", "jti": rand.Text(), "sub": "alice", "exp": time.Now().Unix() + 300, "azp": "spa", "aud": "requester"}
	maps.Copy(all, claims)
	return unsigned(map[string]any{"alg": "RS256"}, all) + ".c2lnbmVk"
}

func (s *careless) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	base := "http://" + q.Host
	_ = q.ParseForm()
	var out map[string]any
	switch q.URL.Path {
	case "/.well-known/openid-configuration":
		out = map[string]any{"token_endpoint": base + "/token", "introspection_endpoint": base + "/introspect", "revocation_endpoint": base + "/revoke", "jwks_uri": base + "/keys"}
	case "/keys":
		out = map[string]any{"keys": []any{map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, map[string]any{"kty": "EC"}}}
	case "/introspect":
		p, _ := open(q.Form.Get("token"))
		if out = p.claims; out == nil {
			out = map[string]any{}
		}
		if out["active"] = !s.revoked; s.liar {
			out["sub"] = "eve"
		}
	case "/revoke":
		s.revoked = s.liar
	case "/token":
		out = s.grant(q)
	}
	w.Header().Set("Content-Type", "application/json")
	if !s.liar {
		w.Header().Set("Cache-Control", "no-store")
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (s *careless) grant(q *http.Request) map[string]any {
	s.revoked = false
	out := map[string]any{"token_type": "Bearer", "refresh_token": s.token(map[string]any{"typ": "Refresh"}), "id_token": s.token(nil), "scope": q.Form.Get("scope")}
	claims := map[string]any{}
	if q.Form.Get("grant_type") != "password" {
		claims["azp"], claims["aud"] = "requester", q.Form["audience"]
	}
	if q.Form.Get("grant_type") == "refresh_token" {
		claims["aud"] = []string{"target"}
	}
	if q.Form.Get("grant_type") == grantExchange {
		out["issued_token_type"] = typeAccessToken
		if s.liar {
			claims["sub"], claims["exp"], claims["aud"] = "mallory", time.Now().Unix()+3600, []string{"more", "others"}
			delete(out, "issued_token_type")
		}
	}
	out["access_token"] = s.token(claims)
	if s.copies && q.Form.Has("subject_token") {
		out["access_token"] = q.Form.Get("subject_token")
	}
	return out
}

func ask(t *testing.T, s http.Handler) []Result {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	target := InRealm(web.URL)
	target.Issuer = web.URL
	all, err := Run(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryCaseCanBreak: no case holds on servers of all kinds.
func TestEveryCaseCanBreak(t *testing.T) {
	breaks := map[string]bool{}
	for _, s := range []*careless{{}, {liar: true}, {copies: true}} {
		for _, r := range ask(t, s) {
			breaks[r.Name] = breaks[r.Name] || r.Outcome == Broken
			if r.Outcome == Skipped {
				t.Errorf("%s is skipped: %s", r.Name, r.Why)
			}
			if strings.Contains(r.Why, "c2lnbmVk") || strings.Contains(r.Why, "requester-secret") {
				t.Errorf("%s tells a token or a secret", r.Name)
			}
		}
	}
	for _, c := range Cases() {
		if !breaks[c.Name] {
			t.Errorf("%s holds whatever a server does", c.Name)
		}
	}
}

func TestNamesAreDifferent(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] || c.Says == "" || c.Source == "" || c.Demand != Must && c.Demand != Should {
			t.Errorf("%q", c.Name)
		}
		seen[c.Name] = true
	}
}

// TestSkips: what a target has not is not asked.
func TestSkips(t *testing.T) {
	web := httptest.NewServer(&careless{})
	t.Cleanup(web.Close)
	all, err := Run(t.Context(), Target{TokenEndpoint: web.URL + "/token", Requester: Client{"requester", "secret"}, Audience: "target",
		Subject: Source{Client: Client{"spa", "secret"}, Form: map[string]string{"grant_type": "client_credentials"}}})
	if err != nil {
		t.Fatal(err)
	}
	skipped := Count(all, Must, Skipped) + Count(all, Should, Skipped)
	if skipped < 10 {
		t.Errorf("%d are skipped", skipped)
	}
	var text bytes.Buffer
	if err := Print(&text, all); err != nil || !strings.Contains(text.String(), "skipped  must    audience/unreachable") {
		t.Errorf("%v: %s", err, &text)
	}
}

func TestBadTargets(t *testing.T) {
	for text, want := range map[string]string{
		`{`: "unexpected EOF", `{"isuer": "x"}`: "unknown field", `{}`: "token_endpoint", `{"issuer": "https://x"}`: "requester",
		`{"issuer": "https://x", "requester": {"id": "a", "secret": "b"}}`:                  "audience",
		`{"issuer": "https://x", "requester": {"id": "a", "secret": "b"}, "audience": "c"}`: "subject",
	} {
		if _, err := ReadTarget([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	if _, err := Run(t.Context(), InRealm(web.URL)); err == nil || !strings.Contains(err.Error(), "no metadata") {
		t.Errorf("a server that is none: %v", err)
	}
}
