package bearer_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
)

// recorded are tokens that a Keycloak 26.7.3 signed, with its keys and discovery document.
type recorded struct {
	Issuer    string
	Discovery map[string]any
	JWKS      json.RawMessage
	Tokens    []struct {
		Name, Token string
		Claims      struct {
			IssuedAt int64 `json:"iat"`
			Type     string
			Audience json.RawMessage `json:"aud"`
			Scope    string
		}
	}
}

// keycloak serves the recorded documents in the place of the server that they are of.
func keycloak(t *testing.T) (recorded, *http.Client) {
	t.Helper()
	text, err := os.ReadFile("testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r, &http.Client{Transport: roundTrip(func(q *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		switch q.URL.String() {
		case r.Issuer + "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(r.Discovery)
		case r.Discovery["jwks_uri"]:
			_, _ = w.Write(r.JWKS)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		return w.Result(), nil
	})}
}

// respond is an answer of 200.
func respond(body string) *http.Response {
	w := httptest.NewRecorder()
	_, _ = w.WriteString(body)
	return w.Result()
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }

// TestKeycloakTokens: each access token passes for each of its audiences, at the time at which it was issued, and for no other;
// neither altered in any byte nor expired.
func TestKeycloakTokens(t *testing.T) {
	r, client := keycloak(t)
	verifier := func(at int64) *bearer.Verifier {
		t.Helper()
		v, err := bearer.Config{Issuer: r.Issuer, HTTPClient: client, Now: func() time.Time { return time.Unix(at, 0) }}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	passed, altered := 0, 0
	for _, tt := range r.Tokens {
		t.Run(tt.Name, func(t *testing.T) {
			v, audiences := verifier(tt.Claims.IssuedAt+1), audiencesOf(t, tt.Claims.Audience)
			refused := func(v *bearer.Verifier, token, audience string, want error) {
				t.Helper()
				if c, err := v.Verify(t.Context(), token, audience); !errors.Is(err, want) || c != nil {
					t.Errorf("for %q: %v, want %v", audience, err, want)
				} else if strings.Contains(err.Error(), token) {
					t.Errorf("the token is in %q", err)
				}
			}
			if strings.HasPrefix(tt.Name, "ID") {
				refused(v, tt.Token, audiences[0], bearer.ErrType)
				return
			}
			passed++
			for _, audience := range audiences {
				c, err := v.Verify(t.Context(), tt.Token, audience, strings.Fields(tt.Claims.Scope)...)
				if err != nil {
					t.Fatalf("for %q: %v", audience, err)
				}
				if !slices.Equal(c.Audience, audiences) || c.Issuer != r.Issuer || c.ID == "" || c.Client == "" {
					t.Errorf("claims %+v", c)
				}
			}
			for _, audience := range []string{"nobody", "order", "orders ", "ORDERS", "https://orders", strings.Join(audiences, " ") + " x"} {
				refused(v, tt.Token, audience, bearer.ErrAudience)
			}
			if len(audiences) > 0 {
				refused(verifier(tt.Claims.IssuedAt+299), tt.Token, "nobody", bearer.ErrAudience)
				refused(verifier(tt.Claims.IssuedAt+300), tt.Token, audiences[0], bearer.ErrExpired)
				refused(verifier(tt.Claims.IssuedAt-60), tt.Token, audiences[0], bearer.ErrNotYet)
			}
			altered += alter(t, v, tt.Token, slices.Concat(audiences, []string{"nobody"})[0])
		})
	}
	if passed != 5 || altered < 5*2*700 {
		t.Errorf("%d access tokens, %d alterations", passed, altered)
	}
}

// alter changes each byte of a token, and the last of each part in every way; it leaves each out, and adds some.
func alter(t *testing.T, v *bearer.Verifier, token, audience string) int {
	t.Helper()
	n := 0
	try := func(at int, altered string) {
		t.Helper()
		n++
		if c, err := v.Verify(t.Context(), altered, audience); err == nil || errors.Is(err, bearer.ErrAudience) {
			t.Errorf("altered at %d it passes: %v, %v", at, c, err)
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for at := range len(token) {
		put := func(b byte) {
			if b != token[at] {
				try(at, token[:at]+string(b)+token[at+1:])
			}
		}
		try(at, token[:at]+token[at+1:])
		i := strings.IndexByte(letters, token[at])
		switch {
		case i < 0: // a dot
			put('A')
		case at+1 == len(token) || token[at+1] == '.':
			// The last letter of a part has bits that mean nothing: some others are read as the same bytes.
			for _, b := range []byte(letters + ".=\n\x00") {
				put(b)
			}
		default:
			put(letters[i^(1<<(at%6))])
		}
	}
	for _, more := range []string{"A", ".", "=", " ", "\n"} {
		try(len(token), token+more)
		try(0, more+token)
	}
	return n
}

func audiencesOf(t *testing.T, raw json.RawMessage) []string {
	t.Helper()
	var one string
	var many []string
	if len(raw) > 0 && json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	if len(raw) > 0 && json.Unmarshal(raw, &many) != nil {
		t.Fatalf("aud %s", raw)
	}
	return many
}
