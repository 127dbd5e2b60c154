package bearer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// issuer stands for https://id.example/realms/shop in the examples.
var issuer = bearertest.NewIssuer(exampleTB{})

// exampleTB is what bearertest needs of a test, which an example has none of.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                      {}
func (exampleTB) Cleanup(func())               {}
func (exampleTB) Fatalf(text string, a ...any) { log.Fatalf(text, a...) }

// clock is one that examples set.
var clock = new(ticker)

type ticker struct{ ahead time.Duration }

func (c *ticker) Now() time.Time        { return time.Now().Add(c.ahead) }
func (c *ticker) Sleep(d time.Duration) { c.ahead += d }

// send sends a GET with an access token, and prints how it was answered.
func send(h http.Handler, path, token string) {
	r := httptest.NewRequest("GET", "https://orders.example"+path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"), w.Body)
}

func ExampleVerifier_Require() {
	v, err := bearer.NewVerifier(context.Background(), issuer.URL) // "https://id.example/realms/shop"
	if err != nil {
		log.Fatal(err)
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := bearer.FromContext(r.Context())
		fmt.Fprintf(w, "orders of %s", caller.Subject)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", v.Require("orders", "orders:read")(list))

	send(mux, "/orders", issuer.Token(bearertest.Claims{"aud": "orders", "scope": "orders:read"}))
	send(mux, "/orders", issuer.Token(bearertest.Claims{"aud": "billing", "scope": "orders:read"}))
	send(mux, "/orders", issuer.Token(bearertest.Claims{"aud": "orders", "scope": "openid"}))
	// Output:
	// 200  orders of alice
	// 401 Bearer error="invalid_token", error_description="Invalid audience", scope="orders:read" {"error":"invalid_token","error_description":"Invalid audience"}
	//
	// 403 Bearer error="insufficient_scope", error_description="Insufficient scope", scope="orders:read" {"error":"insufficient_scope","error_description":"Insufficient scope"}
}

// What a token says beyond its audience and scopes is for the service to judge: here a role, and who acts for the user.
func ExampleFromContext() {
	v, err := bearer.NewVerifier(context.Background(), issuer.URL)
	if err != nil {
		log.Fatal(err)
	}
	cancel := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := bearer.FromContext(r.Context())
		if !caller.HasClientRole("orders", "write") {
			http.Error(w, "only who may write orders cancels one", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, "cancelled by %s", caller.Subject)
		if caller.Actor != nil {
			fmt.Fprintf(w, ", for whom %s acted", caller.Actor.Client)
		}
		for _, hop := range caller.Path {
			fmt.Fprintf(w, ", token exchanged from one of %s", hop.Client)
		}
	})
	h := v.Require("orders")(cancel)

	writer := map[string]any{"orders": map[string]any{"roles": []string{"write"}}}
	send(h, "/orders/7", issuer.Token(bearertest.Claims{"aud": "orders"}))
	send(h, "/orders/7", issuer.Token(bearertest.Claims{"aud": "orders", "resource_access": writer,
		"act": map[string]any{"client_id": "agent"}, "exchange_path": []map[string]any{{"client": "storefront", "jti": "1"}}}))
	// Output:
	// 403  only who may write orders cancels one
	//
	// 200  cancelled by alice, for whom agent acted, token exchanged from one of storefront
}

// Proofs must be made for the address by which clients know the service, and challenges tell where they find its issuer.
func ExampleConfig() {
	v, err := bearer.Config{
		Issuer:   issuer.URL, // "https://id.example/realms/shop"
		Resource: bearer.Resource{URL: "https://orders.example", Scopes: []string{"orders:read"}},
		DPoP:     bearer.DPoP{Require: true},
		Log:      slog.New(slog.DiscardHandler),
	}.NewVerifier(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(v.MetadataPath(), v.Metadata())
	mux.Handle("GET /orders", v.Require("orders")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := bearer.FromContext(r.Context())
		fmt.Fprintf(w, "orders of %s, by a key of its own", caller.Subject)
	})))

	holder := bearertest.NewHolder(exampleTB{})
	r := httptest.NewRequest("GET", "https://orders.example/orders", nil)
	holder.Authorize(r, issuer.Token(holder.Bind(bearertest.Claims{"aud": "orders"})))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 orders of alice, by a key of its own
}

// A service that must know at once that a token was revoked asks the issuer about each.
func ExampleIntrospection() {
	v, err := bearer.Config{
		Issuer: issuer.URL, // "https://id.example/realms/shop"
		Introspection: &bearer.Introspection{
			ClientID: "orders", ClientSecret: "orders-secret", Always: true, CacheFor: 2 * time.Second,
		},
		Now: clock.Now, // a test's; without it, the machine's
	}.NewVerifier(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	token := issuer.Token(bearertest.Claims{"aud": "orders"})
	_, err = v.Verify(context.Background(), token, "orders")
	fmt.Println("at first:", err)

	issuer.Revoke(token)
	clock.Sleep(2 * time.Second)
	_, err = v.Verify(context.Background(), token, "orders")
	fmt.Println("revoked:", err)
	fmt.Println("for errors.Is:", errors.Is(err, bearer.ErrInactive))
	// Output:
	// at first: <nil>
	// revoked: bearer: Token is not active
	// for errors.Is: true
}

// A client that comes without a token is told where the document is that names the issuer (RFC 9728).
func ExampleVerifier_Metadata() {
	v, err := bearer.Config{
		Issuer:   issuer.URL, // "https://id.example/realms/shop"
		Resource: bearer.Resource{URL: "https://orders.example/v1", Scopes: []string{"orders:read"}, Name: "Orders"},
	}.NewVerifier(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(v.MetadataPath(), v.Metadata())
	mux.Handle("GET /v1/orders", v.Require("https://orders.example/v1", "orders:read")(http.NotFoundHandler()))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "https://orders.example/v1/orders", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))

	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "https://orders.example"+v.MetadataPath(), nil))
	var document map[string]any
	if err := json.NewDecoder(w.Body).Decode(&document); err != nil {
		log.Fatal(err)
	}
	fmt.Println(document["resource"], document["scopes_supported"], len(document["authorization_servers"].([]any)))
	// Output:
	// 401 Bearer scope="orders:read", resource_metadata="https://orders.example/.well-known/oauth-protected-resource/v1"
	// https://orders.example/v1 [orders:read] 1
}

// Who needs more than the answer of Require: what was wrong, and what the token says all the same.
func ExampleError() {
	v, err := bearer.NewVerifier(context.Background(), issuer.URL)
	if err != nil {
		log.Fatal(err)
	}
	_, err = v.Verify(context.Background(), issuer.Token(bearertest.Claims{"aud": []string{"gateway", "billing"}}), "orders")
	fmt.Println(err)
	if refused, ok := errors.AsType[*bearer.Error](err); ok && errors.Is(err, bearer.ErrAudience) {
		fmt.Println(refused.Code, refused.Code.Status(), refused.Claims.Client, refused.Claims.Audience, refused.WantAudience)
	}
	// Output:
	// bearer: Invalid audience: aud holds ["gateway" "billing"], expected "orders"
	// invalid_token 401 a-client [gateway billing] orders
}
