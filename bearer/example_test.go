package bearer_test

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

// issuer stands for https://id.example/realms/shop in the examples.
var issuer = bearertest.NewIssuer(exampleTB{})

// exampleTB is what bearertest needs of a test, which an example has none of.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                      {}
func (exampleTB) Cleanup(func())               {}
func (exampleTB) Fatalf(text string, a ...any) { log.Fatalf(text, a...) }

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
