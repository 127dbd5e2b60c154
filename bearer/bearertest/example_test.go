package bearertest_test

import (
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
