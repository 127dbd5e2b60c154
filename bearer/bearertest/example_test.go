package bearertest_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// TestOrders is how a service tests that its handler is behind the right audience and scope.
func TestOrders(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	v, err := bearer.NewVerifier(t.Context(), issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := v.Require("orders", "orders:read")(http.NotFoundHandler())

	for name, tt := range map[string]struct {
		claims bearertest.Claims
		status int
	}{
		"granted":          {bearertest.Claims{"aud": "orders", "scope": "orders:read"}, 404},
		"another audience": {bearertest.Claims{"aud": "billing", "scope": "orders:read"}, 401},
		"no audience":      {bearertest.Claims{"scope": "orders:read"}, 401},
		"another scope":    {bearertest.Claims{"aud": "orders", "scope": "orders:list"}, 403},
		"expired":          {bearertest.Claims{"aud": "orders", "scope": "orders:read", "exp": 1700000000}, 401},
	} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+issuer.Token(tt.claims))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.status)
		}
	}
}

// t is a test's *testing.T; an example has none.
var t = exampleTB{}

type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                      {}
func (exampleTB) Cleanup(func())               {}
func (exampleTB) Fatalf(text string, a ...any) { log.Fatalf(text, a...) }

// What becomes of callers when the issuer takes another key, withdraws the one before, and goes down.
func ExampleIssuer() {
	issuer := bearertest.NewIssuer(t)
	v, err := bearer.Config{Issuer: issuer.URL, Log: slog.New(slog.DiscardHandler)}.NewVerifier(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	calls := func(what, token string) {
		_, err := v.Verify(context.Background(), token, "orders")
		fmt.Printf("%s: %v\n", what, err)
	}
	before := issuer.Token(bearertest.Claims{"aud": "orders"})
	calls("first key", before)

	issuer.Rotate("EdDSA")
	issuer.Withdraw()
	after := issuer.Token(bearertest.Claims{"aud": "orders"})
	calls("second key", after)
	calls("first key, withdrawn", before)

	issuer.Down()
	calls("second key, issuer down", after)
	fmt.Println("key sets fetched:", issuer.Asked("/keys"))
	// Output:
	// first key: <nil>
	// second key: <nil>
	// first key, withdrawn: bearer: Unknown signing key
	// second key, issuer down: <nil>
	// key sets fetched: 3
}
